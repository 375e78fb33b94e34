import { newBusiness } from './en-new-business.js';
import { renewals } from './en-renewals.js';
import { contactPhrases } from './en-contacts.js';
import { words, type Language } from './language.js';

/** Acme sells CRM software and the services around it, in the United Kingdom, the United States and Ireland. */
export const english: Language = {
  team: [
    { login: 'owner', firstName: 'Grace', lastName: 'Whitfield', role: 'OWNER' },
    { login: 'admin', firstName: 'Daniel', lastName: 'Okafor', role: 'ADMIN' },
    { login: 'manager', firstName: 'Priya', lastName: 'Raman', role: 'MANAGER' },
    { login: 'member', firstName: 'Tom', lastName: 'Ellison', role: 'MEMBER' },
    { login: 'viewer', firstName: 'Helen', lastName: 'Marsh', role: 'VIEWER' },
    { login: 'sophie.turner', firstName: 'Sophie', lastName: 'Turner', role: 'MEMBER' },
    { login: 'james.carter', firstName: 'James', lastName: 'Carter', role: 'MEMBER' },
    { login: 'maria.lopez', firstName: 'Maria', lastName: 'Lopez', role: 'MEMBER' },
  ],
  markets: [
    {
      currency: 'GBP',
      weight: 4,
      phones: ['+442079460###', '+441134960###', '+441614960###', '+441214960###'],
      mobiles: ['+447700900###'],
      legalForms: words('Ltd Ltd Group PLC'),
    },
    {
      currency: 'USD',
      weight: 3,
      phones: ['212', '312', '415', '512', '617', '206', '303', '404', '503', '646', '702', '857'].map(
        (area) => `+1${area}55501##`,
      ),
      mobiles: ['718', '917', '310', '469', '720', '971'].map((area) => `+1${area}55501##`),
      legalForms: words('Inc Inc LLC Corp'),
    },
    { currency: 'EUR', weight: 3, phones: ['+3532091#####'], mobiles: ['+3532091#####'], legalForms: words('Ltd Ltd DAC Group') },
  ],
  firstNames: {
    female: words(
      'Emma Olivia Amelia Charlotte Hannah Lucy Megan Rachel Laura Sarah Rebecca Claire Nicola Fiona Aisling Niamh Ciara Victoria Jennifer Jessica Amanda Michelle Karen Lisa Angela Denise Natalie Samantha Stephanie Caroline Ruth Alice Zara Aisha Mei Anita Deborah Elaine Joanna Katherine Lauren Molly Naomi Paula Susan Tara',
    ),
    male: words(
      'Oliver Jack Harry George William Henry Thomas Matthew Andrew Christopher Michael David Robert Richard Stephen Mark Paul Simon Neil Gareth Sean Conor Declan Patrick Brian Kevin Eric Ryan Justin Brandon Tyler Marcus Omar Imran Raj Wei Carlos Diego Alan Adam Ben Callum Edward Fraser Graham Ian',
    ),
  },
  lastNames: words(
    'Smith Jones Taylor Brown Wilson Davies Evans Thomas Johnson Roberts Walker Wright Robinson Thompson White Hughes Edwards Green Hall Wood Harris Clarke Jackson Lewis Turner Hill Scott Cooper Morris Ward Moore King Watson Baker Harrison Morgan Patel Young Allen Mitchell Anderson Phillips Lee Bell Parker Davis Bennett Miller Cook Shaw Khan Collins Bailey Richardson Cox Marshall Ahmed Foster Gray Russell Rose Hunt Chapman Palmer Reid Murphy Kelly O’Brien Byrne Ryan Walsh O’Sullivan Doyle McCarthy Gallagher Kennedy Nguyen Garcia Martinez Rodriguez Hernandez Kim Chen Singh Fletcher Hayward Lawson Barton Whitaker Sinclair Donovan Prescott Langley Ashworth Holloway',
  ),
  companyStems: words(
    'Northgate Harbour Silverline Kestrel Bridgewater Oakfield Redwood Summit Larkspur Ironbridge Meridian Fairfax Cobalt Hawthorn Beacon Stonebrook Alder Westbury Pinnacle Riverside Castleton Lakeshore Clearwater Thornhill Granite Evergreen Whitestone Blackwood Highland Ashford Marlow Sterling Willow_Creek Eastgate Cardinal Foxglove Greenway Halcyon Juniper Kingsway Longford Maple_Hill Norwood Orchard Penrose Quayside Rosewood Saltire Tidewater Union_Square',
  ),
  industries: [
    { name: 'Logistics', nouns: words('Freight Logistics Haulage Couriers') },
    { name: 'Manufacturing', nouns: words('Engineering Components Fabrication Tools') },
    { name: 'Software', nouns: words('Software Systems Analytics Labs') },
    { name: 'Healthcare', nouns: words('Clinics Medical Dental_Care Diagnostics') },
    { name: 'Financial services', nouns: words('Capital Insurance Wealth Mortgages') },
    { name: 'Retail', nouns: words('Outfitters Home_&_Garden Stores Cycles') },
    { name: 'Construction', nouns: words('Construction Roofing Interiors Homes') },
    { name: 'Hospitality', nouns: words('Hotels Catering Events Brewing') },
    { name: 'Professional services', nouns: words('Consulting Legal Recruitment Accountants') },
    { name: 'Energy', nouns: words('Solar Energy Renewables Utilities') },
    { name: 'Education', nouns: words('Training Academy Learning Publishing') },
  ],
  jobTitles: words(
    'Managing_Director Chief_Executive Chief_Financial_Officer Sales_Director Head_of_Sales Head_of_Sales_Operations Sales_Manager Account_Manager Marketing_Manager Head_of_Marketing IT_Manager Head_of_IT Systems_Administrator Operations_Manager Operations_Director Procurement_Manager Buyer Office_Manager Finance_Manager Customer_Service_Manager Head_of_Customer_Success Project_Manager Business_Analyst HR_Manager Personal_Assistant',
  ).map((title) => ({ female: title, male: title })),
  tags: words(
    'decision-maker budget-holder champion technical finance newsletter trade-fair webinar referral partner vip reference quarterly-review prefers-phone prefers-email',
  ),
  consentSources: [
    'Website contact form',
    'Newsletter double opt-in',
    'Trade fair, signed card',
    'Contract annex',
    'By phone, confirmed by e-mail',
    'Webinar registration',
  ],
  wonReasons: ['Best price', 'Best fit', 'Recommended by a customer', 'Trusted us from earlier work', 'Fastest delivery'],
  customFields: [
    { entity: 'CONTACT', key: 'birthday', type: 'DATE', label: 'Birthday', slot: 'date_a' },
    {
      entity: 'CONTACT',
      key: 'interests',
      type: 'MULTI_SELECT',
      label: 'Interested in',
      options: [
        { value: 'news', label: 'Product news' },
        { value: 'events', label: 'Events' },
        { value: 'training', label: 'Training' },
      ],
    },
    { entity: 'COMPANY', key: 'employees', type: 'NUMBER', label: 'Employees', slot: 'number_a' },
    { entity: 'COMPANY', key: 'customerNumber', type: 'TEXT', label: 'Customer number' },
    {
      entity: 'DEAL',
      key: 'source',
      type: 'SELECT',
      label: 'Source',
      slot: 'text_a',
      options: [
        { value: 'website', label: 'Website' },
        { value: 'referral', label: 'Referral' },
        { value: 'fair', label: 'Trade fair' },
        { value: 'call', label: 'Cold call' },
      ],
    },
  ],
  lostReasons: [
    'Price too high',
    'Went with a competitor',
    'No budget this year',
    'Project postponed',
    'No decision, contact stopped replying',
    'Missing feature: offline mode',
    'Stayed with the existing system',
    'Company was acquired',
    'Built it in-house',
  ],
  pipelines: [newBusiness, renewals],
  contactPhrases,
};
