import { phrase } from './language.js';

/** What happens with people outside any deal. */
export const contactPhrases = [
  phrase([
    0,
    'NOTE',
    'Kennengelernt auf der Messe',
    'Gutes Gespräch am Stand, interessiert sich für Fördertechnik. Wünscht Unterlagen.',
  ]),
  phrase([0, 'EMAIL', 'Messeunterlagen gesendet', 'Prospekt und Referenzliste, wie besprochen.']),
  phrase([0, 'NOTE', 'Teilnahme am Webinar', '„Robotik ohne Programmierkenntnisse“, bis zum Ende dabei.']),
  phrase([
    0,
    'CALL',
    'Kurzes Telefonat mit {toFormal}',
    'Derzeit kein Projekt, Planung beginnt im nächsten Quartal. Darf wieder angerufen werden.',
  ]),
  phrase([0, 'NOTE', 'Empfehlung', 'Kennt unsere Anlagen vom früheren Arbeitgeber.']),
  phrase([0, 'EMAIL', 'Anwenderbericht gesendet', 'Zwei Seiten über einen Betrieb gleicher Größe, mit persönlicher Zeile.']),
  phrase([0, 'NOTE', 'Neue Zuständigkeit', '{formal} verantwortet jetzt beide Werke.']),
  phrase([0, 'CALL', 'Nicht erreicht', 'Dritter Versuch in diesem Monat. Künftig per E-Mail.']),
  phrase([0, 'MEETING', 'Kaffee mit {toFormal}', 'Neue Halle ist im Bau, im nächsten Quartal wieder melden.']),
  phrase([0, 'EMAIL', 'Antwort auf den Newsletter', 'Fragt, ob die Fernwartung auch ohne Cloud geht.']),
  phrase([0, 'NOTE', 'Bevorzugt E-Mail', 'Bitte nicht während der Schichtübergabe anrufen.']),
  phrase([0, 'CALL', 'Zufriedenheit abgefragt', 'Neun von zehn. Wünscht sich schnellere Ersatzteile.']),
  phrase([1, 'CALL', '{toFormal} zur Jahresplanung anrufen', 'Budgets werden diesen Monat festgelegt.']),
  phrase([1, 'TASK', '{toFormal} zum Kundentag einladen', 'Plätze sind begrenzt, persönliche Einladung.']),
  phrase([1, 'TASK', 'Kontaktdaten von {toFormal} prüfen', 'Letzte E-Mail kam zurück.']),
];
