import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsNumber, IsPositive, Max } from 'class-validator';
import { Absent } from '../http/field.validators.js';

export class ReinforceDto {
  /** How much of what its salience lacks to 1 it gains: above 0, at most 1. */
  @ApiPropertyOptional({ default: 0.1, minimum: 0, exclusiveMinimum: true, maximum: 1 })
  @Absent()
  @IsNumber()
  @IsPositive()
  @Max(1)
  amount?: number;
}
