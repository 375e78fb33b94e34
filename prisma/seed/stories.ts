import type { Contact } from './contacts.js';
import type { Deal } from './deals.js';
import { appointment, DAY, HOUR, workTime } from './moments.js';
import type { Language, Phrase } from './phrases/language.js';
import { chance, type Scene } from './scene.js';

/** Something that happened, or that is still to be done: then with a due date. */
export interface Happening {
  phrase: Phrase;
  at: number;
  due: number | null;
}

/** What happened around a deal, in an order that makes sense: stage by stage, then the end or what is to be done next. */
export function tellStory(scene: Scene, deal: Deal): Happening[] {
  const { course, contact, pipeline } = deal;
  const usable = (phrases: Phrase[]) => phrases.filter((phrase) => contact || !namesPerson(phrase));
  const story = usable(pipeline.plan.story);
  const before = story.filter((phrase) => phrase.stage < course.stage);
  const now = story.filter((phrase) => phrase.stage === course.stage);
  const quiet = chance(scene.faker, 0.35) ? Math.min(course.endedAt, course.stageEnteredAt + 9 * DAY) : course.endedAt;
  const happenings = [
    ...spread(scene, before, course.stage, course.createdAt, course.stageEnteredAt),
    ...spread(scene, now, 2, course.stageEnteredAt, quiet),
  ];
  return [
    ...happenings,
    ...(course.closedAt === null ? plan(scene, usable(pipeline.plan.todos), deal) : conclude(scene, usable, deal)),
  ];
}

/** What happens with a contact outside any deal. */
export function meet(scene: Scene, contact: Contact, phrases: Language['contactPhrases']): Happening {
  const { faker, today } = scene;
  const phrase = faker.helpers.arrayElement(phrases);
  const at = workTime(faker, contact.createdAt, today);
  return phrase.stage === 0 ? { phrase, at, due: null } : dueSoon(scene, phrase, Math.max(contact.createdAt, today - 25 * DAY));
}

function namesPerson({ subject, description }: Phrase): boolean {
  return /\{(first|last|formal|toFormal)\}/.test(subject + description);
}

/** Some of the phrases, in the order of their table, at moments in between. */
function spread({ faker }: Scene, phrases: Phrase[], most: number, from: number, to: number): Happening[] {
  if (phrases.length === 0) return [];
  const number = faker.number.int({ min: 1, max: Math.max(1, most) });
  const chosen = faker.helpers
    .arrayElements(phrases, Math.min(number, phrases.length))
    .sort((one, other) => phrases.indexOf(one) - phrases.indexOf(other));
  const moments = chosen.map(() => workTime(faker, from, to)).sort((one, other) => one - other);
  return chosen.map((phrase, index) => ({ phrase, at: moments[index] ?? to, due: null }));
}

function conclude({ faker }: Scene, usable: (phrases: Phrase[]) => Phrase[], { course, pipeline }: Deal): Happening[] {
  const ends = usable(course.status === 'WON' ? pipeline.plan.won : pipeline.plan.lost);
  return ends.length === 0 ? [] : [{ phrase: faker.helpers.arrayElement(ends), at: course.endedAt, due: null }];
}

function plan(scene: Scene, todos: Phrase[], { course }: Deal): Happening[] {
  const fitting = todos.filter((phrase) => phrase.stage === course.stage);
  if (fitting.length === 0 || chance(scene.faker, 0.25)) return [];
  return [dueSoon(scene, scene.faker.helpers.arrayElement(fitting), Math.max(course.stageEnteredAt, scene.today - 25 * DAY))];
}

function dueSoon({ faker, today }: Scene, phrase: Phrase, from: number): Happening {
  const at = workTime(faker, from, today);
  const overdue = chance(faker, 0.3);
  const due = overdue ? workTime(faker, at, today - HOUR) : today + faker.number.int({ min: 0, max: 21 }) * DAY;
  return { phrase, at, due: Math.max(at, appointment(faker, due)) };
}
