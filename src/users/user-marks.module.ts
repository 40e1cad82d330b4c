import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { User } from './user.entity.js';
import { UserMarks } from './user-marks.js';

/** What the writes of memories need of users; apart from `UsersModule`, which needs the memories. */
@Module({
  imports: [TypeOrmModule.forFeature([User])],
  providers: [UserMarks],
  exports: [UserMarks],
})
export class UserMarksModule {}
