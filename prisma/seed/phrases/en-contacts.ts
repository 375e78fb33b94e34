import { phrase } from './language.js';

/** What happens with people outside any deal. */
export const contactPhrases = [
  phrase([0, 'NOTE', 'Met {first} at the trade fair', 'Good talk at the stand, interested in reporting. Asked for the slides.']),
  phrase([0, 'EMAIL', 'Sent slides and price overview', 'As promised at the fair.']),
  phrase([0, 'NOTE', 'Registered for the webinar', '“Forecasting without spreadsheets”, stayed until the end.']),
  phrase([0, 'CALL', 'Short call with {first}', 'No project right now, planning starts next quarter. Happy to be called again.']),
  phrase([0, 'NOTE', 'Referral', 'Recommended by a customer, knows the product from a former employer.']),
  phrase([0, 'EMAIL', 'Sent the case study', 'Two pages on a company of the same size, with a personal line.']),
  phrase([0, 'NOTE', 'Changed role', '{first} {last} is now responsible for the whole sales region.']),
  phrase([0, 'CALL', 'No answer, will try again', 'Third attempt this month. Switch to e-mail.']),
  phrase([0, 'MEETING', 'Coffee with {first}', 'Caught up in person. They are hiring five reps, worth a call in a quarter.']),
  phrase([0, 'EMAIL', 'Newsletter reply', 'Asked whether the mobile app works offline.']),
  phrase([0, 'NOTE', 'Prefers e-mail', 'Please do not call during school hours.']),
  phrase([0, 'CALL', 'Satisfaction call', 'Nine out of ten. Would like shorter answers from support on Mondays.']),
  phrase([1, 'CALL', 'Call {first} about next year’s plans', 'They set budgets this month.']),
  phrase([1, 'TASK', 'Invite {first} to the customer day', 'Seats are limited, personal invitation.']),
  phrase([1, 'TASK', 'Check contact details of {first} {last}', 'Last e-mail bounced.']),
];
