/**
 * Preloaded (`node --require`) into the process of a client that knows no host but graph.facebook.com: its connections
 * go to the simulator, at the port in SIMULATOR_PORT. Only the address changes; the client still asks for
 * graph.facebook.com, and checks the certificate for that name.
 */
const { Socket } = require('node:net');

const connect = Socket.prototype.connect;

Socket.prototype.connect = function (...args) {
  // Of `net.connect` it is a list of its arguments, of `tls.connect` they come as they are.
  const given = Array.isArray(args[0]) ? args[0] : args;
  const [options] = given;
  if (options?.host === 'graph.facebook.com') {
    given[0] = { ...options, host: '127.0.0.1', port: Number(process.env.SIMULATOR_PORT) };
  }
  return connect.apply(this, args);
};
