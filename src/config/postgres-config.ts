/** How a connection to PostgreSQL is encrypted. */
export interface PostgresTls {
  /**
   * What the server has to show, in libpq's words: nothing (`require`), a certificate that `ca` signed
   * (`verify-ca`), or one for its own name that `ca` or, without it, a known authority signed (`verify-full`).
   */
  readonly mode: 'require' | 'verify-ca' | 'verify-full';
  /** Certificates in PEM; always there with `verify-ca`. */
  readonly ca?: string;
}

/** One server, database and role. */
export interface PostgresServer {
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Never logged. */
  readonly password?: string;
  /** Absent for an unencrypted connection. */
  readonly tls?: PostgresTls;
  /** What the server lists its sessions under. */
  readonly applicationName?: string;
  /** How long a connection may take to come about; 0 for ever. */
  readonly connectTimeoutMs?: number;
  /** What a pooler needs to find the server. */
  readonly options?: string;
}

/** The roles that `db:roles` makes and the migrations grant to. */
export interface PostgresRoles {
  /** Owns the schema; for migrations alone. */
  readonly migrator: string;
  /** Reads and writes rows, owns nothing. */
  readonly app: string;
  /** Sees the directory of vaults. */
  readonly operator: string;
  /** Reads everything, for dumps. */
  readonly backup: string;
}

/** Where OpenMemory keeps its tables, should there be any; they are known by their columns, too. */
export interface OpenMemoryPlace {
  readonly schema: string;
  /** The table of memories. */
  readonly memories: string;
  /** The table of vectors. */
  readonly vectors: string;
}

/** A PostgreSQL database and who does what in it. */
export interface PostgresConfig {
  readonly kind: 'postgres';
  /** For messages: without a password. */
  readonly url: string;
  /** The setting it comes from. */
  readonly source: string;
  /** The service's own connection. */
  readonly service: PostgresServer;
  /** For migrations and commands; absent where it is not set. */
  readonly migrator?: PostgresServer;
  /** Who may create roles, for `db:roles` alone; whichever database its URL names. Absent where it is not set. */
  readonly admin?: PostgresServer;
  /** For the directory of vaults; absent where it is not set. */
  readonly operator?: PostgresServer;
  /** Where the tables are; never `public`. */
  readonly schema: string;
  /** Which tables a migration takes over (OM_PG_SCHEMA, OM_PG_TABLE, OM_VECTOR_TABLE). */
  readonly openMemory: OpenMemoryPlace;
  readonly roles: PostgresRoles;
  /** What `db:roles` gives them; a role without one keeps its own. Never logged. */
  readonly passwords: Readonly<Partial<Record<keyof PostgresRoles, string>>>;
  readonly pool: {
    /** Connections of one process. */
    readonly size: number;
    /** How long a request waits for one. */
    readonly acquireTimeoutMs: number;
    readonly statementTimeoutMs: number;
    readonly idleInTransactionTimeoutMs: number;
  };
  /** Whether a migration makes a database that does not exist (OM_PG_AUTO_CREATE_DB). */
  readonly autoCreateDatabase: boolean;
  /** Whether `migration:run` makes the schema where it is missing (OM_PG_AUTO_DDL). */
  readonly autoDdl: boolean;
}
