import { v7 as uuidv7 } from 'uuid';
import type { Writer } from '../../db/index.js';
import type { Locale } from '../../generated/graphql.js';
import { stagesFrom } from './stages.js';

type Plan = { name: string; stages: [name: string, probability: number, daysToRot?: number][] };

const PLANS: Record<Locale, Plan> = {
  EN: {
    name: 'Sales',
    stages: [
      ['New', 10, 14],
      ['Qualified', 25, 14],
      ['Proposal sent', 50, 21],
      ['Negotiation', 75, 21],
      ['Commitment', 90, 30],
    ],
  },
  DE: {
    name: 'Vertrieb',
    stages: [
      ['Neu', 10, 14],
      ['Qualifiziert', 25, 14],
      ['Angebot verschickt', 50, 21],
      ['Verhandlung', 75, 21],
      ['Zusage', 90, 30],
    ],
  },
};

/** The pipeline that a new organization begins with: its default one. */
export async function foundPipeline(writer: Writer, locale: Locale): Promise<void> {
  const { name, stages } = PLANS[locale];
  const made = stagesFrom(
    stages.map(([stage, probability, daysToRot]) => ({ name: stage, probability, daysToRot: daysToRot ?? null })),
  );
  await writer.insert('pipelines', 'CREATE', { id: uuidv7(), name, stages: made, isDefault: true }, false);
}
