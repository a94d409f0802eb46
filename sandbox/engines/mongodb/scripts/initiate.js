// Makes each member a replica set of one, under its own name. Ends with an error until every one has a primary.
const { readFileSync } = require('node:fs');
const password = readFileSync('/run/taishang/root-password', 'utf8');

for (const name of process.env.TAISHANG_MEMBERS.split(' ')) {
  const member = connect(`mongodb://taishang:${password}@${name}:27017/admin?directConnection=true`);
  const { setName, isWritablePrimary } = member.runCommand({ hello: 1 });
  if (setName === undefined) {
    const configsvr = name.includes('config') ? { configsvr: true } : {};
    const config = { _id: name, ...configsvr, members: [{ _id: 0, host: `${name}:27017` }] };
    const answer = member.adminCommand({ replSetInitiate: config });
    if (!answer.ok) throw new Error(answer.errmsg);
  }
  if (!isWritablePrimary) throw new Error(`${name} is no primary yet`);
}
