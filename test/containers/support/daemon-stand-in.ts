// Answers pings on Docker's socket for ever, and says much on its output, as the daemon does.
import { createServer } from 'node:http';

const server = createServer((_, response) => response.end('OK'));
server.listen('/var/run/docker.sock', () => console.log('API listen on /var/run/docker.sock'));
