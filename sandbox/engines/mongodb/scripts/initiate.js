// Makes each member a replica set of one, under its own name, with the stack's user. Ends with an error until every one
// has a primary. As the server's internal user, whose password is the key file: there is no other before it is made.
const { readFileSync } = require('node:fs');
const read = (name) => readFileSync(`/run/taishang/${name}`, 'utf8');
const key = encodeURIComponent(read('key-file').replace(/\s/g, ''));
const alreadyInitialized = 23;

function initiate(member, name) {
  const configsvr = name.includes('config') ? { configsvr: true } : {};
  const config = { _id: name, ...configsvr, members: [{ _id: 0, host: `${name}:27017` }] };
  try {
    member.adminCommand({ replSetInitiate: config });
  } catch (thrown) {
    // A member that has just started knows what it is of once it has read that from its disk.
    if (thrown.code !== alreadyInitialized) throw thrown;
  }
}

for (const name of process.env.TAISHANG_MEMBERS.split(' ')) {
  const member = connect(`mongodb://__system:${key}@${name}:27017/admin?authSource=local&directConnection=true`);
  const { setName, isWritablePrimary } = member.runCommand({ hello: 1 });
  if (setName === undefined) initiate(member, name);
  if (!isWritablePrimary) throw new Error(`${name} is no primary yet`);
  if (member.getUser('taishang') === null) {
    member.createUser({ user: 'taishang', pwd: read('root-password').replace(/\n$/, ''), roles: ['root'] });
  }
}
