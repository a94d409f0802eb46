/** Parts of a connection string. One with several members is none that `URL` reads. */
const connectionString = /^(mongodb(?:\+srv)?:\/\/)(?:([^@/]*)@)?([^/?]+)(?:\/[^?]*)?(?:\?(.*))?$/;

/** Whether the server asks who somebody is, as far as its address tells. */
export function hasLogin(address: string): boolean {
  return connectionString.exec(address)?.[2] !== undefined;
}

/** The same server with another database and, where it is given, another login, which `admin` keeps. */
export function addressOfPlace(address: string, database: string, login?: { readonly password: string }): string {
  const [, scheme = '', , hosts = '', options = ''] = connectionString.exec(address) ?? [];
  const parameters = new URLSearchParams(options);
  if (login === undefined) parameters.delete('authSource');
  else parameters.set('authSource', 'admin');
  const user = login === undefined ? '' : `${database}:${encodeURIComponent(login.password)}@`;
  const rest = parameters.toString();
  return `${scheme}${user}${hosts}/${database}${rest === '' ? '' : `?${rest}`}`;
}
