import { kindOf } from './address.js';

describe('an address that may be called is public', () => {
  it.each(['93.184.216.34', '1.1.1.1', '172.32.0.1', '2606:4700:4700::1111', '2a00:1450:4001:800::200e'])('%s', (address) => expect(kindOf(address)).toBe('public'));
});

describe('loopback is told apart, for demonstrations and tests', () => {
  it.each(['127.0.0.1', '127.255.255.254', '::1'])('%s', (address) => expect(kindOf(address)).toBe('loopback'));
});

describe('everything else may not be called', () => {
  it.each([
    '0.0.0.0', '10.0.0.1', '100.64.0.1', '169.254.169.254', '172.16.0.1', '192.0.0.1', '192.0.2.1', '192.168.1.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '240.0.0.1', '255.255.255.255',
    '::', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:93.184.216.34', '::127.0.0.1', '64:ff9b::7f00:1', '64:ff9b:1::7f00:1', '100::1', '2001::1', '2001:db8::1', '2002:7f00:1::', 'fc00::1', 'fd12:3456::1', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', '5f00::1', '1::1', '4000::1', 'e000::1',
    '', 'localhost', '127.1', '2130706433', '0x7f.1', '127.0.0.1.', '[::1]', ' 1.1.1.1',
  ])('%s', (address) => expect(kindOf(address)).toBe('other'));
});
