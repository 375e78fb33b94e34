import { contactPhrases } from './de-contacts.js';
import { renewals } from './de-renewals.js';
import { newBusiness } from './de-new-business.js';
import { words, type Language } from './language.js';

/** Globex sells automation to industry and logistics, in Germany and Switzerland. */
export const german: Language = {
  team: [
    { login: 'owner', firstName: 'Katharina', lastName: 'Brandt', role: 'OWNER' },
    { login: 'admin', firstName: 'Stefan', lastName: 'Hofmann', role: 'ADMIN' },
    { login: 'manager', firstName: 'Nadine', lastName: 'Köhler', role: 'MANAGER' },
    { login: 'member', firstName: 'Jonas', lastName: 'Lehmann', role: 'MEMBER' },
    { login: 'viewer', firstName: 'Petra', lastName: 'Winkler', role: 'VIEWER' },
    { login: 'anna.schmidt', firstName: 'Anna', lastName: 'Schmidt', role: 'MEMBER' },
    { login: 'lukas.weber', firstName: 'Lukas', lastName: 'Weber', role: 'MEMBER' },
    { login: 'elif.yilmaz', firstName: 'Elif', lastName: 'Yılmaz', role: 'MEMBER' },
  ],
  markets: [
    {
      currency: 'EUR',
      weight: 8,
      phones: ['+493023125###', '+496990009###', '+494066969###', '+492214710###', '+498999998###'],
      mobiles: ['+4917139200##', '+49176040690##'],
      legalForms: words('GmbH GmbH GmbH_&_Co._KG AG KG'),
    },
    {
      currency: 'CHF',
      weight: 2,
      phones: ['+4144000####', '+4161000####', '+4131000####'],
      mobiles: ['+4179000####'],
      legalForms: words('AG AG GmbH'),
    },
  ],
  firstNames: {
    female: words(
      'Sabine Claudia Andrea Monika Birgit Silke Kerstin Heike Martina Susanne Nicole Melanie Sandra Julia Lena Laura Lisa Sarah Hannah Franziska Theresa Ines Carolin Christina Daniela Tanja Anja Katrin Ulrike Barbara Renate Gabriele Jana Nora Miriam Aylin Svenja Friederike Johanna Marlene',
    ),
    male: words(
      'Thomas Michael Andreas Stefan Christian Markus Martin Frank Jürgen Peter Klaus Uwe Bernd Torsten Matthias Alexander Sebastian Daniel Florian Tobias Jan Tim Philipp Felix Maximilian Simon Dominik Benjamin Patrick Oliver Holger Ralf Dirk Sven Jens Carsten Günter Mehmet Emre Henrik',
    ),
  },
  lastNames: words(
    'Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Krause Meier Lehmann Schmid Schulze Maier Köhler Herrmann König Walter Mayer Huber Kaiser Fuchs Peters Lang Scholz Möller Weiß Jung Hahn Schubert Vogel Friedrich Keller Günther Frank Berger Winkler Roth Beck Lorenz Baumann Franke Albrecht Schuster Simon Ludwig Böhm Winter Kraus Martin Schumacher Krämer Vogt Stein Jäger Otto Sommer Groß Seidel Heinrich Brandt Haas Schreiber Graf Dietrich Ziegler Kuhn Kühn Pohl Engel Horn Busch Bergmann Thomas Voigt Sauer Arnold Pfeiffer Öztürk Kaya Demir Kowalski Nowak',
  ),
  companyStems: words(
    'Alpenblick Bergmann Hansa Rheintal Nordlicht Schwarzwald Donau Elbtal Kessler Steinhauer Lindner Westfalia Falkenberg Hagedorn Eichholz Neckar Oberland Wiesental Seidel Bachmann Frieling Grothe Küstermann Markgraf Ostermann Petersen Rosenthal Sonnenberg Tannhof Uhlmann Vossberg Waldkirch Zellner Breitner Dornbach Engelhardt Fichtel Greiner Hellweg Isartal Jansen Kronberg Lohmann Mühlbach Niederrhein Osterhof Quandel Reinhold Saalfeld Teuto',
  ),
  industries: [
    { name: 'Maschinenbau', nouns: words('Maschinenbau Anlagenbau Antriebstechnik Werkzeugbau') },
    { name: 'Logistik', nouns: words('Logistik Spedition Lagertechnik Transporte') },
    { name: 'Lebensmittel', nouns: words('Molkerei Backwaren Feinkost Getränke') },
    { name: 'Pharma und Medizintechnik', nouns: words('Pharma Medizintechnik Labortechnik') },
    { name: 'Chemie', nouns: words('Chemie Lacke Kunststofftechnik') },
    { name: 'Großhandel', nouns: words('Großhandel Baustoffe Elektrogroßhandel') },
    { name: 'Metallverarbeitung', nouns: words('Metallbau Präzisionsteile Blechtechnik Gießerei') },
    { name: 'Verpackung', nouns: words('Verpackungen Wellpappe Etiketten') },
    { name: 'Automobilzulieferer', nouns: words('Automotive Fahrzeugteile Dichtungstechnik') },
    { name: 'Möbel und Holz', nouns: words('Möbelwerke Holzwerke Küchen') },
  ],
  jobTitles: [
    ['Geschäftsführerin', 'Geschäftsführer'],
    ['Leiterin Einkauf', 'Leiter Einkauf'],
    ['Einkäuferin', 'Einkäufer'],
    ['Strategische Einkäuferin', 'Strategischer Einkäufer'],
    ['Produktionsleiterin', 'Produktionsleiter'],
    ['Werkleiterin', 'Werkleiter'],
    ['Technische Leiterin', 'Technischer Leiter'],
    ['Leiterin Instandhaltung', 'Leiter Instandhaltung'],
    ['Betriebsleiterin', 'Betriebsleiter'],
    ['Logistikleiterin', 'Logistikleiter'],
    ['Lagerleiterin', 'Lagerleiter'],
    ['Projektleiterin', 'Projektleiter'],
    ['Kaufmännische Leiterin', 'Kaufmännischer Leiter'],
    ['Leiterin IT', 'Leiter IT'],
    ['Fachkraft für Arbeitssicherheit', 'Fachkraft für Arbeitssicherheit'],
    ['Qualitätsmanagerin', 'Qualitätsmanager'],
    ['Assistentin der Geschäftsführung', 'Assistent der Geschäftsführung'],
    ['Konstrukteurin', 'Konstrukteur'],
    ['Prokuristin', 'Prokurist'],
    ['Automatisierungstechnikerin', 'Automatisierungstechniker'],
  ].map(([female = '', male = '']) => ({ female, male })),
  tags: words(
    'entscheider einkauf technik budget messe newsletter empfehlung referenz wartung vip partner webinar bestandskunde bevorzugt-telefon bevorzugt-e-mail',
  ),
  consentSources: [
    'Kontaktformular Website',
    'Newsletter, Double-Opt-in',
    'Messe, unterschriebene Karte',
    'Anlage zum Vertrag',
    'Telefonisch, per E-Mail bestätigt',
    'Anmeldung zum Webinar',
  ],
  wonReasons: ['Bestes Angebot', 'Passt am besten', 'Empfehlung', 'Vertrauen aus früherer Zusammenarbeit', 'Kürzeste Lieferzeit'],
  customFields: [
    { entity: 'CONTACT', key: 'birthday', type: 'DATE', label: 'Geburtstag', slot: 'date_a' },
    {
      entity: 'CONTACT',
      key: 'interests',
      type: 'MULTI_SELECT',
      label: 'Interessiert an',
      options: [
        { value: 'news', label: 'Produktneuheiten' },
        { value: 'events', label: 'Veranstaltungen' },
        { value: 'training', label: 'Schulungen' },
      ],
    },
    { entity: 'COMPANY', key: 'employees', type: 'NUMBER', label: 'Beschäftigte', slot: 'number_a' },
    { entity: 'COMPANY', key: 'customerNumber', type: 'TEXT', label: 'Kundennummer' },
    {
      entity: 'DEAL',
      key: 'source',
      type: 'SELECT',
      label: 'Herkunft',
      slot: 'text_a',
      options: [
        { value: 'website', label: 'Website' },
        { value: 'referral', label: 'Empfehlung' },
        { value: 'fair', label: 'Messe' },
        { value: 'call', label: 'Kaltakquise' },
      ],
    },
  ],
  lostReasons: [
    'Preis zu hoch',
    'Auftrag ging an Wettbewerber',
    'Investition verschoben',
    'Kein Budget in diesem Jahr',
    'Keine Rückmeldung mehr',
    'Lieferzeit zu lang',
    'Eigenlösung des Kunden',
    'Projekt eingestellt',
  ],
  pipelines: [newBusiness, renewals],
  contactPhrases,
};
