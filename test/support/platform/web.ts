export * from './website';
