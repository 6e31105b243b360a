export * from './use-delivery';
