import type { Writer } from '../../db/index.js';
import type { OrganizationSettings } from '../../generated/graphql.js';

/** What holds where an organization has not said otherwise. */
const DEFAULTS: OrganizationSettings = {
  timeZone: 'UTC',
  currency: 'EUR',
  locale: 'EN',
  country: null,
  visibility: 'ORGANIZATION',
  wonReasons: [],
  lostReasons: [],
};

/** Settings as they are stored (keys may be missing; the database checks the shape), filled up with the defaults. */
export function settingsOf({ settings }: { settings: unknown }): OrganizationSettings {
  const known = { ...DEFAULTS, ...(settings as Partial<OrganizationSettings>) };
  const { timeZone, currency, locale, country, visibility, wonReasons, lostReasons } = known;
  return { timeZone, currency, locale, country, visibility, wonReasons, lostReasons };
}

/** The settings of the organization that a change belongs to. */
export async function settingsIn(writer: Writer): Promise<OrganizationSettings> {
  const { orgId } = writer.caller;
  const organization = await writer.reads.organization.findFirst({ where: { id: orgId }, select: { settings: true } });
  return settingsOf(organization ?? { settings: {} });
}

/**
 * Where phone numbers without a country code belong: the setting `country`, else where the language of the setting `locale` is
 * mostly spoken; null without either.
 */
export async function homeCountry(writer: Writer): Promise<string | null> {
  const { orgId } = writer.caller;
  const organization = await writer.reads.organization.findFirst({ where: { id: orgId }, select: { settings: true } });
  const { country, locale } = (organization?.settings ?? {}) as Partial<OrganizationSettings>;
  return country ?? (locale ? (new Intl.Locale(locale).maximize().region ?? null) : null);
}
