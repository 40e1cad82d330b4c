/** The project that OpenMemory keeps what belongs to no project in. A project is a collection of that name. */
export const GLOBAL_PROJECT = 'system_global';
