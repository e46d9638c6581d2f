/** Whether an address is of this machine alone: an IPv4 or IPv6 loopback, or `localhost`. */
export const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
