import { DAY, iso, workTime } from './moments.js';
import type { TeamMember } from './phrases/language.js';
import { newId, type Scene } from './scene.js';

export interface UserRow {
  org_id: string;
  id: string;
  email: string;
  password_hash: string;
  first_name: string;
  last_name: string;
  role: TeamMember['role'];
  last_login_at: string;
  created_at: string;
  updated_at: string;
}

/** The team: the five logins that are shown at the start, and three more members. */
export function makeUsers(scene: Scene): UserRow[] {
  return scene.language.team.map((member) => makeUser(scene, member));
}

/** Those who sell: owners of records are drawn from here, the member first. */
export function sellersOf(users: UserRow[]): UserRow[] {
  return users.filter((user) => user.role === 'MEMBER' || user.role === 'MANAGER');
}

function makeUser({ faker, orgId, slug, passwordHash, today }: Scene, member: TeamMember): UserRow {
  const created = workTime(faker, today - 590 * DAY, today - 550 * DAY);
  return {
    org_id: orgId,
    id: newId(faker, created),
    email: `${member.login}@${slug}.example`,
    password_hash: passwordHash,
    first_name: member.firstName,
    last_name: member.lastName,
    role: member.role,
    last_login_at: iso(workTime(faker, today - 6 * DAY, today)),
    created_at: iso(created),
    updated_at: iso(created),
  };
}
