import type { Writer } from '../../db/index.js';

/**
 * Where phone numbers without a country code belong: the setting `country`, else the country of the setting `locale`, else
 * where its language is mostly spoken; null without either.
 */
export async function homeCountry(writer: Writer): Promise<string | null> {
  const { orgId } = writer.caller;
  const organization = await writer.reads.organization.findFirst({ where: { id: orgId }, select: { settings: true } });
  const { country, locale } = (organization?.settings ?? {}) as { country?: unknown; locale?: unknown };
  if (typeof country === 'string') return country.toUpperCase();
  return typeof locale === 'string' ? countryOf(locale) : null;
}

function countryOf(locale: string): string | null {
  try {
    return new Intl.Locale(locale.replace('_', '-')).maximize().region ?? null;
  } catch {
    return null;
  }
}
