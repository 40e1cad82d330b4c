import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { TenantDataSource } from '../tenancy/tenant-data-source.js';
import { dataSourceOptions } from './data-source.js';

/** The one tenant-aware data source of the service. */
@Global()
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [CONFIG],
      useFactory: (config: Config) => ({ ...dataSourceOptions(config.database), retryAttempts: 0 }),
      dataSourceFactory: (options) => new TenantDataSource(options as DataSourceOptions).initialize(),
    }),
  ],
  providers: [Tenancy, { provide: TenantDataSource, useExisting: DataSource }],
  exports: [Tenancy, TenantDataSource],
})
export class DatabaseModule {}
