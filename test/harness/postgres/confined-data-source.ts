import { DataSource, type QueryRunner } from 'typeorm';
import { prepareDriver } from '../../../src/database/dialect.js';
import { tenantOptions } from '../tenants.js';

/** How a transaction is told its vault, as SQL; left out, it is told nothing. */
export type Telling = string | undefined;

/** The way of the service: it ends with the transaction. */
export const TELLS_A = "SET LOCAL app.vault_id = 'A'";

/**
 * TypeORM's own data source as the role of the service, with nothing of the tenancy layer: every statement runs in a
 * transaction that is told its vault, and row-level security is all there is.
 */
export async function openConfined(place: string, telling: Telling): Promise<DataSource> {
  const dataSource = new DataSource(tenantOptions(place));
  prepareDriver(dataSource);
  await dataSource.initialize();
  const { driver } = dataSource;
  const createQueryRunner = driver.createQueryRunner.bind(driver);
  driver.createQueryRunner = (mode) => confine(createQueryRunner(mode), telling);
  return dataSource;
}

function confine(runner: QueryRunner, telling: Telling): QueryRunner {
  const query = runner.query.bind(runner);
  const start = runner.startTransaction.bind(runner);
  runner.startTransaction = async (isolation) => {
    const isOutermost = !runner.isTransactionActive;
    await start(isolation);
    if (isOutermost && telling !== undefined) await query(telling);
  };
  runner.query = async (sql: string, values?: unknown[], structured?: boolean) => {
    if (runner.isTransactionActive) return query(sql, values, structured as true);
    await runner.startTransaction();
    try {
      const result = await query(sql, values, structured as true);
      await runner.commitTransaction();
      return result;
    } catch (error) {
      await runner.rollbackTransaction();
      throw error;
    }
  };
  return runner;
}
