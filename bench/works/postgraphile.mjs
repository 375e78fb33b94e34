// The same works by PostGraphile's names; aliases give its answers the same shape. `orgId` is part of every key, so it is a variable.
const newest = 'orderBy: [CREATED_AT_DESC, PRIMARY_KEY_DESC]';
const kept = 'condition: { deletedAt: null }';

export const postgraphile = {
  point: `query ($org: UUID!, $id: UUID!) {
    deal: dealByOrgIdAndRowId(orgId: $org, rowId: $id) {
      id: rowId title status currency
      stage: pipelineStageByOrgIdAndPipelineIdAndStageId { id: rowId name }
      contact: contactByOrgIdAndContactId { id: rowId firstName lastName company: companyByOrgIdAndCompanyId { id: rowId name } }
      owner: userByOrgIdAndOwnerId { id: rowId }
    }
  }`,
  list: `{ contacts: allContacts(first: 50, ${kept}, ${newest}) { nodes { id: rowId firstName lastName email status } pageInfo { hasNextPage endCursor } } }`,
  graph: `{
    deals: allDeals(first: 50, ${kept}, ${newest}) {
      nodes {
        id: rowId title value
        stage: pipelineStageByOrgIdAndPipelineIdAndStageId { id: rowId name }
        contact: contactByOrgIdAndContactId { id: rowId firstName company: companyByOrgIdAndCompanyId { id: rowId name } }
        owner: userByOrgIdAndOwnerId { id: rowId }
        activities: activitiesByOrgIdAndDealId(first: 5, ${kept}, ${newest}) { nodes { id: rowId subject } }
      }
      pageInfo { hasNextPage endCursor }
    }
  }`,
  levels: `{
    companies: allCompanies(first: 20, ${kept}, ${newest}) {
      nodes {
        id: rowId name
        contacts: contactsByOrgIdAndCompanyId(first: 5, ${kept}, ${newest}) {
          nodes { id: rowId firstName deals: dealsByOrgIdAndContactId(first: 5, ${kept}, ${newest}) { nodes { id: rowId title } } }
        }
      }
    }
  }`,
  board: `query ($org: UUID!, $id: UUID!) {
    pipeline: pipelineByOrgIdAndRowId(orgId: $org, rowId: $id) {
      stages: pipelineStagesByOrgIdAndPipelineId(orderBy: [PLACE_ASC]) {
        nodes {
          id: rowId name
          deals: dealsByOrgIdAndPipelineIdAndStageId(first: 20, condition: { deletedAt: null, status: OPEN }, orderBy: [POSITION_ASC, PRIMARY_KEY_ASC]) {
            totalCount
            nodes {
              id: rowId title value currency
              owner: userByOrgIdAndOwnerId { id: rowId }
              contact: contactByOrgIdAndContactId { id: rowId firstName }
              company: companyByOrgIdAndCompanyId { id: rowId name }
            }
          }
        }
      }
    }
  }`,
  search: `query ($text: String!) { hits: benchSearch(text: $text, first: 20) { nodes { id: rowId displayName } } }`,
  aggregate: `{ benchSums { nodes { status stageId count currency sum } } }`,
  move: `mutation ($id: UUID!, $stageId: UUID!) {
    benchMoveDeal(input: { dealId: $id, toStage: $stageId }) {
      result { id: rowId stage: pipelineStageByOrgIdAndPipelineIdAndStageId { id: rowId } }
    }
  }`,
};
