export { openTcpRelay as openGate, type TcpRelay as Gate } from './tcp-relay';
