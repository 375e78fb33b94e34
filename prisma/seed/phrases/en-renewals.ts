import { phrase, product, type PipelinePlan } from './language.js';

/** Acme's second pipeline: keeping and growing customers. */
export const renewals: PipelinePlan = {
  name: 'Renewals',
  stages: [
    { name: 'Upcoming', probability: 60, daysToRot: 45 },
    { name: 'Review', probability: 70, daysToRot: 30 },
    { name: 'Offer sent', probability: 80, daysToRot: 21 },
    { name: 'Verbal agreement', probability: 95, daysToRot: 14 },
  ],
  customersOnly: true,
  share: 28,
  products: [
    product(['Licence renewal {year}', 6_000, 60_000, 60]),
    product(['Support plan {year}', 1_800, 16_000, 100]),
    product(['Additional seats', 1_200, 15_000, 60]),
    product(['Premium support upgrade', 3_000, 18_000, 100]),
    product(['Training refresh', 1_500, 6_000, 100]),
  ],
  story: [
    phrase([0, 'NOTE', 'Coming up: {product}', 'Usage is stable, no open complaints. Good moment to talk.']),
    phrase([0, 'EMAIL', 'E-mail to {first}: {product}', 'Proposed a review meeting and attached the usage report.']),
    phrase([0, 'CALL', 'Checked in with {first}', 'Happy overall. Two new colleagues need training.']),
    phrase([
      1,
      'MEETING',
      'Usage review with {company}',
      '34 of 40 seats active. They use the board every day, reporting hardly at all. Showed the new dashboards.',
    ]),
    phrase([
      1,
      'CALL',
      'Support tickets discussed',
      'The import problem of last month is still on their minds. Explained the fix, {first} is satisfied.',
    ]),
    phrase([1, 'NOTE', 'Room to grow', 'The service team wants to join, about ten seats. {first} collects names.']),
    phrase([2, 'EMAIL', 'Offer sent: {product}', 'Same terms as before, price adjusted by 3 %. Valid for 30 days.']),
    phrase([
      2,
      'CALL',
      'Questions on the price adjustment',
      '{first} needs a sentence for finance. Sent the comparison with last year.',
    ]),
    phrase([3, 'CALL', 'Verbal yes from {first}', 'Paperwork goes through purchasing, no obstacle expected.']),
    phrase([3, 'EMAIL', 'Order form sent', 'Needs a purchase order number from their side.']),
  ],
  todos: [
    phrase([0, 'TASK', 'Prepare the usage report for {company}', 'Seats, logins, tickets of the last twelve months.']),
    phrase([0, 'CALL', 'Arrange the review meeting with {first}', 'Ideally before the end of their quarter.']),
    phrase([1, 'MEETING', 'Review meeting', 'Show the dashboards, ask about the service team.']),
    phrase([2, 'CALL', 'Follow up on the offer', 'Does finance accept the adjustment?']),
    phrase([3, 'TASK', 'Get the purchase order from {company}', 'Without it the invoice comes back.']),
  ],
  won: [
    phrase([5, 'EMAIL', 'Order received: {product}', 'Purchase order is in, invoice goes out this week.']),
    phrase([5, 'CALL', '{first} confirmed', 'Wants to talk about more seats next quarter.']),
  ],
  lost: [
    phrase([6, 'EMAIL', 'No to {product}', 'Reason given: {reason}. Everything else stays as it is.']),
    phrase([6, 'CALL', 'Talk with {first} about the no', 'Reason given: {reason}. Bring it up again next year.']),
  ],
};
