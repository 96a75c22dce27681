/** What `providers` may name. */
export const providerNames = [
  ...['aws', 'azure', 'gcp', 'hetzner', 'openstack', 'packet', 'scaleway', 'vultr'],
  ...['digitalocean', 'metaldata', 'vmware', 'cdrom', 'file', 'config-drive'],
] as const;

export type ProviderName = (typeof providerNames)[number];

export function isProviderName(name: string): name is ProviderName {
  return providerNames.some((known) => known === name);
}
