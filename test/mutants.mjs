/**
 * Predicates whose loss the suite has to notice (scripts/mutants.mjs): the text that is taken out of a file, what stands there
 * instead, and the tests that guard it.
 *
 * @type {{ name: string, file: string, from: string, to: string, tests: string[] }[]}
 */
export const mutants = [
  {
    name: 'visibility of lists, counts, totals and nested pages',
    file: 'src/db/engine/scope.ts',
    from: 'return visible ? [...conditions, visible] : conditions;',
    to: 'return conditions;',
    tests: ['visibility'],
  },
  {
    name: 'visibility of references in filters',
    file: 'src/db/engine/scope.ts',
    from: 'if (!target || !visible) return null;',
    to: 'return null;',
    tests: ['visibility'],
  },
  {
    name: 'visibility of records that are changed or referred to',
    file: 'src/db/writing/statements.ts',
    from: 'return all([key(entity, scope, id), ...(visible ? [visible] : [])]);',
    to: 'return key(entity, scope, id);',
    tests: ['visibility'],
  },
  {
    name: 'visibility through the relations of activities',
    file: 'src/db/engine/scope.ts',
    from: 'any(ownConditions(target, inner, userId, graph)),',
    to: '',
    tests: ['visibility'],
  },
  {
    name: 'visibility and soft delete of what aggregates are grouped by',
    file: 'src/db/engine/aggregate.ts',
    from: '...scopeConditions(target, alias, scope, undefined)',
    to: '',
    tests: ['aggregates'],
  },
  {
    name: 'visibility of histories in reports',
    file: 'src/db/sight.ts',
    from: ", ...scopeConditions(entity(table), 't', scope, 'WITH')]",
    to: ']',
    tests: ['reports'],
  },
  {
    name: 'visibility and soft delete of deals in velocity and conversion',
    file: 'src/db/sight.ts',
    from: 'where ${all(conditions)})`;',
    to: ')`;',
    tests: ['reports'],
  },
  {
    name: 'visibility and soft delete of the rows of aggregates and forecasts',
    file: 'src/db/engine/grouping.ts',
    from: '...listConditions({ entity, scope, window: { ...window, size: 0 }, parents }), ',
    to: '',
    tests: ['aggregates', 'reports'],
  },
  {
    name: 'tenant and soft delete of exchange rates',
    file: 'src/db/engine/money.ts',
    from: "...scopeConditions(rates, 'r', scope, undefined),",
    to: '',
    tests: ['rates'],
  },
  {
    name: 'soft delete',
    file: 'src/db/engine/scope.ts',
    from: "if (entity.softDelete && deleted !== 'WITH') {",
    to: 'if (false) {',
    tests: ['paging', 'tenant.test', 'deals'],
  },
  {
    name: 'what is seen of names and notes in search',
    file: 'src/domain/search/queries.ts',
    from: "t.id = ${id} and ${sight.seen(table, 't')} limit 1",
    to: 't.id = ${id} limit 1',
    tests: ['visibility'],
  },
  {
    name: 'what is seen of phone numbers in search',
    file: 'src/domain/search/queries.ts',
    from: "where ${sight.seen(table, 't')} and t.phone_digits",
    to: 'where t.phone_digits',
    tests: ['visibility'],
  },
  {
    name: 'what is seen of activities in timelines',
    file: 'src/domain/timeline/queries.ts',
    from: "where ${sight.seen('activities', 't')} and",
    to: 'where',
    tests: ['timeline'],
  },
  {
    name: 'what a timeline is read through is seen',
    file: 'src/domain/timeline/queries.ts',
    from: "where ${sight.seen(way.table, 'way')} and",
    to: 'where',
    tests: ['timeline'],
  },
  {
    name: 'what the values in a timeline refer to is seen',
    file: 'src/domain/timeline/timeline.ts',
    from: '(await reader.find(table, id)) ? id : null',
    to: 'table ? id : null',
    tests: ['timeline'],
  },
];
