import { idTaken, notFound } from '../../src/errors.js';

test.each([
  ['Deal', 'There is no deal with this id that you can see.', 'There is a deal with this id already.'],
  ['LegalHold', 'There is no legal hold with this id that you can see.', 'There is a legal hold with this id already.'],
])('%s is named in words', (type, missing, taken) => {
  expect(notFound(type).message).toBe(missing);
  expect(idTaken(type, 'x').message).toBe(taken);
});
