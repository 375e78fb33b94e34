// What codegen.yml calls the TypeScript types of the contract: as in the SDL, except where that would hide a global type
// of TypeScript's own in the generated file (`interface Record` would break every `Record<string, …>`). CommonJS, because
// the code generator loads it with require().
const taken = new Set(['Record', 'Array', 'Promise', 'Date', 'Error', 'Omit', 'Pick', 'Partial', 'Extract', 'Map', 'Set']);

/** @param {string} name a type's name, or a part of it between underscores */
exports.typeName = (name) => (taken.has(name) ? `Crm${name}` : name[0].toUpperCase() + name.slice(1));
