import { phrase, product, type PipelinePlan } from './language.js';

/** Globex’s second pipeline: maintenance, spare parts, extensions. */
export const renewals: PipelinePlan = {
  name: 'Bestandskunden',
  stages: [
    { name: 'Vormerkung', probability: 50, daysToRot: 60 },
    { name: 'Jahresgespräch', probability: 65, daysToRot: 30 },
    { name: 'Angebot', probability: 80, daysToRot: 21 },
    { name: 'Zusage', probability: 95, daysToRot: 14 },
  ],
  customersOnly: true,
  share: 30,
  products: [
    product(['Wartungsvertrag {year}', 3_600, 24_000, 100]),
    product(['Ersatzteilpaket', 1_800, 19_000, 50]),
    product(['Erweiterung zweite Linie', 25_000, 140_000, 500]),
    product(['Sicherheitsprüfung {year}', 1_200, 5_500, 50]),
    product(['Schulung Bedienpersonal', 1_600, 6_400, 100]),
    product(['Fernwartung Plus', 2_400, 9_600, 100]),
  ],
  story: [
    phrase([
      0,
      'NOTE',
      'Vorgemerkt: {product}',
      'Anlage läuft stabil, keine offenen Reklamationen. Guter Zeitpunkt für das Gespräch.',
    ]),
    phrase([0, 'EMAIL', '{product} angekündigt', 'Jahresgespräch vorgeschlagen, Servicebericht beigelegt.']),
    phrase([
      0,
      'CALL',
      'Kurzes Gespräch mit {toFormal}',
      'Zufrieden mit dem Service. Zwei neue Bediener brauchen eine Einweisung.',
    ]),
    phrase([
      1,
      'MEETING',
      'Jahresgespräch bei {company}',
      'Verfügbarkeit 97 %. Häufigste Störung: Lichtschranke am Einlauf, Tausch empfohlen.',
    ]),
    phrase([
      1,
      'CALL',
      'Reklamation vom letzten Quartal besprochen',
      'Ursache war das Netzteil. {formal} ist mit der Lösung einverstanden.',
    ]),
    phrase([1, 'NOTE', 'Ausbau möglich', 'Zweite Linie ist für das nächste Geschäftsjahr im Gespräch.']),
    phrase([2, 'EMAIL', 'Angebot versendet: {product}', 'Konditionen wie zuletzt, Preisanpassung 2,8 %. Bindend 30 Tage.']),
    phrase([2, 'CALL', 'Rückfragen zur Preisanpassung', '{formal} braucht eine Begründung für die Buchhaltung, nachgereicht.']),
    phrase([3, 'CALL', 'Mündliche Zusage von {toFormal}', 'Bestellung läuft über den Einkauf, kein Hindernis in Sicht.']),
    phrase([3, 'EMAIL', 'Bestellformular gesendet', 'Es fehlt noch die Bestellnummer.']),
  ],
  todos: [
    phrase([
      0,
      'TASK',
      'Servicebericht für {company} zusammenstellen',
      'Einsätze, Verfügbarkeit, Ersatzteile der letzten zwölf Monate.',
    ]),
    phrase([0, 'CALL', 'Termin für das Jahresgespräch vereinbaren', 'Möglichst vor Quartalsende.']),
    phrase([1, 'MEETING', 'Jahresgespräch', 'Thema zweite Linie ansprechen.']),
    phrase([2, 'CALL', 'Beim Angebot nachfassen', 'Ist die Preisanpassung durch?']),
    phrase([3, 'TASK', 'Bestellnummer bei {company} anfordern', 'Ohne sie kommt die Rechnung zurück.']),
  ],
  won: [
    phrase([6, 'EMAIL', 'Bestellung erhalten: {product}', 'Auftragsbestätigung ist raus, Service plant den Termin.']),
    phrase([6, 'CALL', '{formal} hat bestätigt', 'Im nächsten Quartal über die Erweiterung sprechen.']),
  ],
  lost: [
    phrase([7, 'EMAIL', 'Absage zu {product}', 'Begründung: {reason}. Zusammenarbeit sonst unverändert.']),
    phrase([7, 'CALL', 'Abschlussgespräch mit {toFormal}', 'Begründung: {reason}. Im nächsten Jahr wieder ansprechen.']),
  ],
};
