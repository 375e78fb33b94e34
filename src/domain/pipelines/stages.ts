import { v7 as uuidv7 } from 'uuid';
import { DomainError, invalid, type FieldError } from '../../errors.js';
import type { StageInput } from '../../generated/graphql.js';
import { isUuid } from '../../lib/uuid.js';

/** A stage as pipelines.stages holds it; the database checks the same shape. */
export interface Stage {
  id: string;
  name: string;
  probability: number;
  daysToRot?: number;
}

const MOST_STAGES = 100;
const LONGEST_NAME = 100;

/** The stages an input describes, with ids for new ones. @throws DomainError INVALID_INPUT naming every fault. */
export function stagesFrom(inputs: readonly StageInput[]): Stage[] {
  if (inputs.length === 0 || inputs.length > MOST_STAGES) {
    throw invalid(['input', 'stages'], `A pipeline has 1 to ${MOST_STAGES} stages.`, 'OUT_OF_RANGE');
  }
  const stages = inputs.map(stageFrom);
  const faults = stages.flatMap((stage, index) =>
    faultsOf(stage, stages.slice(0, index)).map(([field, message]): FieldError => ({
      path: ['input', 'stages', index, field],
      code: 'INVALID',
      message,
    })),
  );
  const [first] = faults;
  if (first) throw new DomainError('INVALID_INPUT', first.message, { fields: faults });
  return stages;
}

function stageFrom({ id, name, probability, daysToRot }: StageInput): Stage {
  return {
    id: id?.toLowerCase() ?? uuidv7(),
    name: name.trim(),
    probability,
    ...(daysToRot !== null && daysToRot !== undefined && { daysToRot }),
  };
}

function faultsOf(stage: Stage, earlier: Stage[]): [field: string, message: string][] {
  const faults: [string, string][] = [];
  const { id, name, probability, daysToRot } = stage;
  if (!isUuid(id)) faults.push(['id', 'An id is a UUID.']);
  if (earlier.some((other) => other.id === id)) faults.push(['id', 'Each stage has an id of its own.']);
  if (name === '' || name.length > LONGEST_NAME || /\0|[\uD800-\uDFFF]/u.test(name))
    faults.push(['name', `A stage has a name of 1 to ${LONGEST_NAME} characters.`]);
  if (earlier.some((other) => folded(other.name) === folded(name)))
    faults.push(['name', 'Each stage of a pipeline has a name of its own.']);
  if (probability < 0 || probability > 100) faults.push(['probability', 'A probability is 0 to 100 percent.']);
  if (daysToRot !== undefined && (daysToRot < 1 || daysToRot > 9999))
    faults.push(['daysToRot', 'Days to rot are 1 to 9999, or nothing.']);
  return faults;
}

/** As PostgreSQL's lower() folds: one sigma, and an i without the dot that JavaScript leaves on İ. */
function folded(name: string): string {
  return name.toLowerCase().replaceAll('ς', 'σ').replaceAll('i\u0307', 'i');
}
