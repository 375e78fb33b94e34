import { DomainError, invalid, type FieldError } from '../../errors.js';
import type { CustomFieldOptionInput } from '../../generated/graphql.js';
import { textFault } from '../input.js';
import type { CustomFieldRow } from './graph.js';

const MOST_OPTIONS = 200;
const RULE = { required: true, longest: 100 } as const;

/** The options of a field of this type. @throws DomainError INVALID_INPUT naming each that is wrong. */
export function optionsFrom(type: CustomFieldRow['type'], given: readonly CustomFieldOptionInput[]): CustomFieldOptionInput[] {
  const path = ['input', 'options'];
  if (type !== 'SELECT' && type !== 'MULTI_SELECT') {
    if (given.length > 0) throw invalid(path, `Nothing can be chosen for a ${type}: it has no options.`, 'NOT_SUPPORTED');
    return [];
  }
  if (given.length === 0 || given.length > MOST_OPTIONS)
    throw invalid(path, `A choice needs 1 to ${MOST_OPTIONS} options.`, 'OUT_OF_RANGE');
  const options = given.map(({ value, label }) => ({ value: value.trim(), label: label.trim() }));
  const faults = options.flatMap((option, index) => faultsOf(option, index, options));
  const [first] = faults;
  if (first) throw new DomainError('INVALID_INPUT', first.message, { fields: faults });
  return options;
}

function faultsOf(option: CustomFieldOptionInput, index: number, all: CustomFieldOptionInput[]): FieldError[] {
  const fault = (name: 'value' | 'label', message: string | null): FieldError[] =>
    message ? [{ path: ['input', 'options', index, name], code: 'INVALID', message }] : [];
  const isRepeated = all.findIndex(({ value }) => value === option.value) < index;
  return [
    ...fault('value', isRepeated ? 'Two options have the same value.' : textFault(option.value, RULE)),
    ...fault('label', textFault(option.label, RULE)),
  ];
}
