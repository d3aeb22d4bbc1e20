/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every message of the language, word for word. A row's lines follow the preamble, so its first
 * is line 6 of xfw.conf; '@' in the message stands for that place.
 */
#include "machine.h"

#define PROTOCOLS "(tcp, udp, sctp, icmp, icmp6, esp, gre, any or a number up to 255)"
#define PORTS	  "(a port, 60000-61000, 80,443, or a name of /etc/services)"
#define WANTED	  "an address, a prefix, a name, 'host' or 'any'"
#define KNOWN	  "(known: bogons, fast-path, dispatcher, require, flows, drop-log, rescue)"
#define ALLOW	  "allow PROTO [PORTS] DST [from SRC] [limit N/s] [log] [comment TEXT]"
#define DENY	  "deny PROTO [PORTS] [DST] [from SRC] [limit N/s] [log] [comment TEXT]"
#define ROUTE                                                     \
	"route PREFIX dev IF | route PREFIX via ADDR [dev IF] | " \
	"route import table N [within PREFIX]"
#define LONG_64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

struct row {
	const char *lines;
	const char *message;
};

static const struct row rows[] = {
	/* ---- keywords ---- */
	{"alow tcp 443 vm1", "@: unknown statement 'alow'; did you mean 'allow'?"},
	{"denny any", "@: unknown statement 'denny'; did you mean 'deny'?"},
	{"roue home dev vmbr0", "@: unknown statement 'roue'; did you mean 'route'?"},
	{"dfeine x 1::", "@: unknown statement 'dfeine'; did you mean 'define'?"},
	{"permit tcp 443 vm1",
	 "@: unknown statement 'permit' (known: define, wan, lan, tun, route, "
	 "allow, deny, masquerade, forward, ndp, option)"},
	{"\"\" tcp", "@: unknown statement '' (known: define, wan, lan, tun, route, allow, deny, "
		     "masquerade, forward, ndp, option)"},
	{"Allow tcp 443 vm1", "@: unknown statement 'Allow'; did you mean 'allow'?"},
	/* ---- text that is none ---- */
	{"allow tcp 443 vm1 comment \"open", "@: allow: a quote is not closed on its line"},
	{"\"", "@: a quote is not closed on its line"},
	{"allow tcp 443 vm1 comment \"one\"two", "@: allow: a quote ends in the middle of a word"},
	{"allow tcp 443 vm1 comment one\"two\"",
	 "@: allow: word 6 holds a quote, which cannot be saved"},
	{"allow tcp \001 vm1", "@: allow: a control character; is this a text file?"},
	{"\033[2J", "@: a control character; is this a text file?"},
	{"allow tcp 443 vm1 comment \"a\tb\"",
	 "@: allow: a control character; is this a text file?"},
	{"allow tcp 443 vm1 comment \xff",
	 "@: allow: word 6 holds a control character or is not UTF-8"},
	{"allow tcp 443 vm1 comment \xc2\x9b",
	 "@: allow: word 6 holds a control character or is not UTF-8"},
	{"allow tcp 443 vm1 comment \xc0\x80",
	 "@: allow: word 6 holds a control character or is not UTF-8"},
	{"allow tcp 443 vm1 comment \xed\xa0\x80",
	 "@: allow: word 6 holds a control character or is not UTF-8"},
	{"allow tcp 443 vm1 comment \xf0\x9f\x94",
	 "@: allow: word 6 holds a control character or is not UTF-8"},
	/* ---- define ---- */
	{"define", "@: define: needs a name and its value after 'define'"},
	{"define vm2", "@: define: needs an address, a prefix or leading groups after 'vm2'"},
	{"define vm2 2001:db8::1 2", "@: define: does not take '2'; its form: define NAME VALUE"},
	{"define 2vm ::1", "@: define: '2vm' is no name: names begin with a letter"},
	{"define vm.2 ::1", "@: define: 'vm.2' is no name: only letters, digits, - and _"},
	{"define vm:2 ::1", "@: define: 'vm:2' is no name: only letters, digits, - and _"},
	{"define beef ::1",
	 "@: define: 'beef' reads as a group of an IPv6 address; choose another name"},
	{"define a ::1", "@: define: 'a' reads as a group of an IPv6 address; choose another name"},
	{"define any ::1", "@: define: 'any' is a word of the language; choose another name"},
	{"define host ::1", "@: define: 'host' is a word of the language; choose another name"},
	{"define from ::1", "@: define: 'from' is a word of the language; choose another name"},
	{"define tcp ::1", "@: define: 'tcp' is a word of the language; choose another name"},
	{"define route ::1", "@: define: 'route' is a word of the language; choose another name"},
	{"define vm2 vm9", "@: define: 'vm9' is not defined; did you mean 'vm1'?"},
	{"define vm2 nowhere",
	 "@: define: 'nowhere' is not defined and no address (define nowhere VALUE)"},
	{"define vm2 2001:db8::1::2", "@: define: '2001:db8::1::2' is no address, prefix or name"},
	{"define vm2 1:2:3:4:5:6:7:8:9",
	 "@: define: '1:2:3:4:5:6:7:8:9' is no address, prefix or name"},
	{"define vm2 2001:db8::1/32",
	 "@: define: '2001:db8::1/32' has host bits set; the prefix is 2001:db8::/32"},
	{"define vm2 2001:db8::/129", "@: define: '/129' is no prefix length (0 to 128)"},
	{"define vm2 10.0.0.0/33", "@: define: '/33' is no prefix length (0 to 32)"},
	{"define vm2 10.0.0.256", "@: define: '10.0.0.256' is no address, prefix or name"},
	{"define vm1 ::5",
	 "@: define: 'vm1' is given already, in line 2: define vm1 rangeB:8000:1:0:1"},
	{"define self self", "@: define: 'self' is defined by itself"},
	{"define one two\ndefine two one",
	 "@: define: 'one' and 'two' are defined by each other, in lines 6 and 7"},
	/* A line on a faulty define is not told a second time. */
	{"define wrong ::g\nallow tcp 22 wrong\nallow tcp 22 wrong:1\ndefine worse wrong",
	 "@: define: '::g' is no address, prefix or name"},
	{"define wrong\nallow tcp 22 wrong",
	 "@: define: needs an address, a prefix or leading groups after 'wrong'"},
	/* ---- roles ---- */
	{"wan", "@: wan: needs an interface after 'wan'"},
	{"wan eth9", "@: wan: no interface 'eth9' (have: eth0, vmbr0, vmbr1, wg0)"},
	{"lan vmbr9", "@: lan: no interface 'vmbr9' (have: eth0, vmbr0, vmbr1, wg0)"},
	{"tun wg9", "@: tun: no interface 'wg9' (have: eth0, vmbr0, vmbr1, wg0)"},
	{"wan vmbr1 hook tc", "@: wan: does not take 'hook'; its form: wan IF"},
	{"lan vmbr1 hook", "@: lan: needs 'xdp' or 'tc' after 'hook'"},
	{"lan vmbr1 hook nft", "@: lan: 'nft' where 'xdp' or 'tc' is wanted"},
	{"lan vmbr1 tc", "@: lan: does not take 'tc'; its form: lan IF [hook xdp|tc]"},
	{"lan vmbr1 hook tc xdp", "@: lan: does not take 'xdp'; its form: lan IF [hook xdp|tc]"},
	{"lan eth0", "@: lan: 'eth0' is given already, in line 4: wan eth0"},
	{"lan vmbr0 hook tc", "@: lan: 'vmbr0' is given already, in line 5: lan vmbr0"},
	/* ---- route ---- */
	{"route", "@: route: needs a prefix after 'route'"},
	{"route home", "@: route: needs 'dev IF' or 'via ADDR' after 'home'"},
	{"route home to vmbr0", "@: route: 'to' where 'dev IF' or 'via ADDR' is wanted"},
	{"route home dev", "@: route: needs an interface after 'dev'"},
	{"route home dev vmbr9", "@: route: no interface 'vmbr9' (have: eth0, vmbr0, vmbr1, wg0)"},
	{"route home dev vmbr1",
	 "@: route: 'vmbr1' is not a lan or tun interface; say 'lan vmbr1' first"},
	{"route home dev eth0",
	 "@: route: 'eth0' is a wan interface; a slice lies behind a lan or tun"},
	{"route home dev vmbr0 metric 5", "@: route: does not take 'metric'; its form: " ROUTE},
	{"route import", "@: route: needs 'table N' after 'import'"},
	{"route import table",
	 "@: route: needs the number of a table of the kernel's after 'table'"},
	{"route import table 0",
	 "@: route: '0' where the number of a table of the kernel's is wanted"},
	{"route import table 7 within", "@: route: needs a prefix after 'within'"},
	{"route import table 7 within home dev", "@: route: does not take 'dev'; its form: " ROUTE},
	{"route home via", "@: route: needs the gateway's address after 'via'"},
	{"route home via rangeB::/64 dev vmbr0",
	 "@: route: 'rangeB::/64' is a prefix where an address is wanted"},
	{"route home via 172.16.99.7 dev vmbr0",
	 "@: route: the gateway '172.16.99.7' and the prefix are of different families"},
	{"route 10.0.0.0/8 via vm1 dev vmbr0",
	 "@: route: the gateway 'vm1' and the prefix are of different families"},
	{"route home via 2001:db8:99::1",
	 "@: route: no lan interface reaches the gateway '2001:db8:99::1'; name one: via "
	 "2001:db8:99::1 dev IF"},
	/* Reachable, but by the wan. */
	{"route home via 2001:db8:0:1::9",
	 "@: route: no lan interface reaches the gateway '2001:db8:0:1::9'; name one: via "
	 "2001:db8:0:1::9 dev IF"},
	{"route home via fe80::5",
	 "@: route: 'fe80::5' is link-local, it could be on any link; name one: via fe80::5 dev IF"},
	{"route home via 2001:db8:1:2:8000::1 dev vmbr0",
	 "@: route: the gateway '2001:db8:1:2:8000::1' is this host's own address"},
	{"route home via vm1 metric", "@: route: does not take 'metric'; its form: " ROUTE},
	{"route home via vm9 dev vmbr0", "@: route: 'vm9' is not defined; did you mean 'vm1'?"},
	{"route 0.0.0.0/0 dev vmbr0",
	 "@: route: '0.0.0.0/0' is everything; a slice is a part of it"},
	{"route ::/0 dev vmbr0", "@: route: '::/0' would hold IPv4, too; write 'any' for both "
				 "families or 2000::/3 for global IPv6"},
	{"route 2001:db8:1:2:8000::1/77 dev vmbr0",
	 "@: route: '2001:db8:1:2:8000::1/77' has host bits set; the prefix is "
	 "2001:db8:1:2:8000::/77"},
	{"route home dev vmbr0\nlan vmbr1\nroute 2001:db8:beef::/48 dev vmbr1",
	 "xfw.conf:8: route: '2001:db8:beef::/48' is routed already, in line 6: route home dev "
	 "vmbr0"},
	/* ---- rules: protocol ---- */
	{"allow", "@: allow: needs a protocol " PROTOCOLS " after 'allow'"},
	{"allow tpc 443 vm1", "@: allow: unknown protocol 'tpc'; did you mean 'tcp'? " PROTOCOLS},
	{"allow icmpv6 vm1",
	 "@: allow: unknown protocol 'icmpv6'; did you mean 'icmp6'? " PROTOCOLS},
	{"allow ospf vm1", "@: allow: unknown protocol 'ospf' " PROTOCOLS},
	{"allow 256 vm1", "@: allow: unknown protocol '256' " PROTOCOLS},
	{"allow -1 vm1", "@: allow: unknown protocol '-1' " PROTOCOLS},
	{"deny 443", "@: deny: unknown protocol '443' " PROTOCOLS},
	/* ---- rules: ports ---- */
	{"allow tcp 0 vm1", "@: allow: '0' is no port (1 to 65535)"},
	{"allow tcp 65536 vm1", "@: allow: '65536' is no port (1 to 65535)"},
	{"allow tcp -5 vm1", "@: allow: '-5' is no port (1 to 65535)"},
	{"allow tcp 99999999999999999999 vm1",
	 "@: allow: '99999999999999999999' is no port (1 to 65535)"},
	{"allow tcp 4x3 vm1", "@: allow: '4x3' is no port (1 to 65535)"},
	{"allow tcp 61000-60000 vm1", "@: allow: '61000-60000' runs backwards; write 60000-61000"},
	{"allow tcp 80- vm1", "@: allow: '80-' is no range of ports (60000-61000)"},
	{"allow tcp 80-ssh vm1", "@: allow: '80-ssh' is no range of ports (60000-61000)"},
	{"allow tcp 80-90-100 vm1", "@: allow: '90-100' is no port (1 to 65535)"},
	{"allow tcp 0-80 vm1", "@: allow: '0' is no port (1 to 65535)"},
	{"allow tcp 80,,443 vm1", "@: allow: '80,,443' has an empty port in its list"},
	{"allow tcp 80, vm1", "@: allow: '80,' has an empty port in its list"},
	{"allow tcp , vm1", "@: allow: ',' has an empty port in its list"},
	{"allow tcp htps vm1",
	 "@: allow: 'htps' is no tcp service and no defined name; did you mean 'https'? " PORTS},
	{"allow tcp zzzzzz vm1", "@: allow: 'zzzzzz' is no tcp service and no defined name " PORTS},
	{"allow tcp tftp vm1", NULL}, /* a service of udp: its hint depends on the machine */
	{"allow any 443 vm1", "@: allow: '443': any has no ports (tcp, udp and sctp have)"},
	{"allow esp 443 vm1", "@: allow: '443': esp has no ports (tcp, udp and sctp have)"},
	{"allow 89 443 vm1", "@: allow: '443': 89 has no ports (tcp, udp and sctp have)"},
	{"allow tcp vm1 443",
	 "@: allow: '443' stands behind the destination; ports come before it: "
	 "allow tcp 443 vm1"},
	{"deny tcp any 25", "@: deny: '25' stands behind the destination; ports come before it: "
			    "deny tcp 25 any"},
	/* ---- rules: types ---- */
	{"allow icmp6 256 vm1", "@: allow: '256' is no type of icmp6 (0 to 255)"},
	{"allow icmp 8x any", "@: allow: '8x' is no type of icmp (0 to 255)"},
	{"allow icmp echo-requets any", "@: allow: 'echo-requets' is neither a type of icmp nor a "
					"defined name; did you mean 'echo-request'?"},
	{"allow icmp packet-too-big any",
	 "@: allow: 'packet-too-big' is neither a type of icmp nor a defined name"},
	{"allow icmp6 ping vm1", "@: allow: 'ping' is neither a type of icmp6 nor a defined name"},
	/* ---- rules: destination ---- */
	{"allow tcp 443", "@: allow: needs a destination after '443': " WANTED},
	{"allow any", "@: allow: needs a destination after 'any': " WANTED},
	{"allow tcp", "@: allow: needs a destination after 'tcp': " WANTED},
	{"allow icmp6 echo-request", "@: allow: needs a destination after 'echo-request': " WANTED},
	{"allow tcp 443 from home", "@: allow: needs a destination before 'from': " WANTED},
	{"allow tcp 443 comment x", "@: allow: needs a destination before 'comment': " WANTED},
	{"allow tcp 443 vm9", "@: allow: 'vm9' is not defined; did you mean 'vm1'?"},
	{"allow tcp 443 hosst", "@: allow: 'hosst' is not defined; did you mean 'host'?"},
	{"allow tcp 443 mailserver",
	 "@: allow: 'mailserver' is not defined and no address (define mailserver VALUE)"},
	{"allow tcp 443 mailserver:5",
	 "@: allow: 'mailserver' in 'mailserver:5' is not defined (define mailserver VALUE)"},
	{"allow tcp 443 rangeC:8010::5",
	 "@: allow: 'rangeC' is not defined; did you mean 'rangeB'?"},
	{"allow tcp 443 rangeB", "@: allow: 'rangeB' stands for leading groups only; write "
				 "rangeB:REST, as in rangeB::1"},
	{"allow tcp 443 rangeB:5",
	 "@: allow: 'rangeB:5' (that is, 2001:db8:1:2:5) is no address or prefix"},
	{"allow tcp 443 vm1:5",
	 "@: allow: 'vm1:5' (that is, 2001:db8:1:2:8000:1:0:1:5) is no address "
	 "or prefix"},
	{"allow tcp 443 home/56",
	 "@: allow: 'home/56' (that is, 2001:db8:beef::/48/56) is no address "
	 "or prefix"},
	{"allow tcp 443 2001:db8:1:2", "@: allow: '2001:db8:1:2' is no address, prefix or name"},
	{"allow tcp 443 2001:db8::1%eth0",
	 "@: allow: '2001:db8::1%eth0' is no address, prefix or name"},
	{"allow tcp 443 2001:db8::/x", "@: allow: '/x' is no prefix length (0 to 128)"},
	{"allow tcp 443 2001:db8::/", "@: allow: '/' is no prefix length (0 to 128)"},
	{"allow tcp 443 2001:db8::/32/32", "@: allow: '/32/32' is no prefix length (0 to 128)"},
	{"allow tcp 443 10.0.0.1/-1", "@: allow: '/-1' is no prefix length (0 to 32)"},
	{"allow tcp 443 2001:db8::1/32",
	 "@: allow: '2001:db8::1/32' has host bits set; the prefix is 2001:db8::/32"},
	{"allow tcp 443 10.1.2.3/8",
	 "@: allow: '10.1.2.3/8' has host bits set; the prefix is 10.0.0.0/8"},
	{"allow tcp 443 vm1/77",
	 "@: allow: 'vm1/77' has host bits set; the prefix is 2001:db8:1:2:8000::/77"},
	{"allow tcp 443 2001:db8:1:2:8004::/77",
	 "@: allow: '2001:db8:1:2:8004::/77' has host bits set; the prefix is "
	 "2001:db8:1:2:8000::/77"},
	{"allow tcp 443 2001:db8::1/127",
	 "@: allow: '2001:db8::1/127' has host bits set; the prefix is 2001:db8::/127"},
	{"allow tcp 443 c000::/1",
	 "@: allow: 'c000::/1' has host bits set; the prefix is 8000::/1"},
	{"allow tcp 443 192.0.3.0/23",
	 "@: allow: '192.0.3.0/23' has host bits set; the prefix is 192.0.2.0/23"},
	{"allow tcp 443 ::/0",
	 "@: allow: '::/0' would hold IPv4, too; write 'any' for both families "
	 "or 2000::/3 for global IPv6"},
	{"allow tcp 443 ::/64", "@: allow: '::/64' would hold IPv4, too; write 'any' for both "
				"families or 2000::/3 for global IPv6"},
	{"deny any " LONG_64 LONG_64 LONG_64 "::",
	 "@: deny: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…' "
	 "is too long"},
	/* ---- rules: source ---- */
	{"allow tcp 443 vm1 from",
	 "@: allow: needs a source: an address, a prefix, a name or 'any' after 'from'"},
	{"allow tcp 443 vm1 from host",
	 "@: allow: 'host' is no source: what the host sends is not filtered"},
	{"deny any from 2001:db8:bad::1/48",
	 "@: deny: '2001:db8:bad::1/48' has host bits set; the prefix is 2001:db8:bad::/48"},
	{"deny any from hom", "@: deny: 'hom' is not defined; did you mean 'home'?"},
	{"allow tcp 443 vm1 from 10.0.0.0/8",
	 "@: allow: an IPv6 destination and an IPv4 source never meet"},
	{"allow tcp 443 192.0.2.1 from home",
	 "@: allow: an IPv4 destination and an IPv6 source never meet"},
	/* ---- rules: families ---- */
	{"allow icmp echo-request vm1",
	 "@: allow: icmp belongs to IPv4; for this destination write 'icmp6'"},
	{"allow icmp6 echo-request 192.0.2.1",
	 "@: allow: icmp6 belongs to IPv6; for this destination write 'icmp'"},
	{"deny icmp from home", "@: deny: icmp belongs to IPv4; for this source write 'icmp6'"},
	{"deny icmp6 from 10.0.0.0/8",
	 "@: deny: icmp6 belongs to IPv6; for this source write 'icmp'"},
	/* ---- rules: the tail ---- */
	{"allow tcp 443 vm1 home", "@: allow: does not take 'home'; its form: " ALLOW},
	{"deny any any home", "@: deny: does not take 'home'; its form: " DENY},
	{"allow tcp 443 vm1 comment", "@: allow: needs a text in quotes after 'comment'"},
	{"allow tcp 443 vm1 comment two words",
	 "@: allow: does not take 'words'; its form: " ALLOW},
	{"allow tcp 443 vm1 comment x log", "@: allow: does not take 'log'; its form: " ALLOW},
	{"allow tcp 443 vm1 limit", "@: allow: needs a rate (10/s) after 'limit'"},
	{"allow tcp 443 vm1 limit 10", "@: allow: '10' is no rate (1/s to 1000000/s)"},
	{"allow tcp 443 vm1 limit 0/s", "@: allow: '0/s' is no rate (1/s to 1000000/s)"},
	{"allow tcp 443 vm1 limit 10/m", "@: allow: '10/m' is no rate (1/s to 1000000/s)"},
	{"allow tcp 443 vm1 limit 1000001/s",
	 "@: allow: '1000001/s' is no rate (1/s to 1000000/s)"},
	{"allow tcp 443 vm1 limit /s", "@: allow: '/s' is no rate (1/s to 1000000/s)"},
	{"allow tcp 44 vm1 comment " LONG_64 LONG_64
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 "@: allow: the rule is 208 bytes long; at most 207 fit"},
	{"allow tcp 443 vm1 comment \"" LONG_64 LONG_64 LONG_64 "\"",
	 "@: allow: the rule is 218 bytes long; at most 207 fit"},
	/* ---- translation ---- */
	{"masquerade", "@: masquerade: needs an IPv4 prefix after 'masquerade'"},
	{"masquerade home", "@: masquerade: 'home' is not IPv4; only IPv4 is masqueraded"},
	{"masquerade 172.16.0.1/16",
	 "@: masquerade: '172.16.0.1/16' has host bits set; the prefix is 172.16.0.0/16"},
	{"masquerade 172.16.0.0/16 now",
	 "@: masquerade: does not take 'now'; its form: masquerade PREFIX"},
	{"forward", "@: forward: needs a protocol " PROTOCOLS " after 'forward'"},
	{"forward icmp 8 to 172.16.99.10",
	 "@: forward: 'icmp' has no ports to forward (tcp, udp, sctp)"},
	{"forward tcp", "@: forward: needs ports after 'tcp'"},
	{"forward tcp 99999 to 172.16.99.10", "@: forward: '99999' is no port (1 to 65535)"},
	{"forward tcp 80", "@: forward: needs 'to ADDR[:PORT]' after '80'"},
	{"forward tcp 80 172.16.99.10",
	 "@: forward: '172.16.99.10' where 'to ADDR[:PORT]' is wanted"},
	{"forward tcp 80 to", "@: forward: needs an address, or ADDR:PORT after 'to'"},
	{"forward tcp 80 to 172.16.99.10:0",
	 "@: forward: '172.16.99.10:0' names no port (1 to 65535)"},
	{"forward tcp 80 to 172.16.99.10:http",
	 "@: forward: '172.16.99.10:http' names no port (1 to 65535)"},
	{"forward tcp 80 to [2001:db8::1", "@: forward: '[2001:db8::1' has no ']' before its port"},
	{"forward tcp 80 to [2001:db8::1]",
	 "@: forward: '[2001:db8::1]' names no port (1 to 65535)"},
	{"forward tcp 80 to [", "@: forward: '[' names no port (1 to 65535)"},
	{"forward tcp 80 to 172.16.0.0/16",
	 "@: forward: '172.16.0.0/16' is a prefix where an address is wanted"},
	{"forward tcp 80 to 172.16.99.10 from", "@: forward: needs a source after 'from'"},
	{"forward tcp https to [2001:db8::1]:8443",
	 "@: forward: '[2001:db8::1]:8443' is IPv6, which needs no forwarding: allow its own "
	 "address"},
	{"forward tcp 80 to 172.16.99.10 from home",
	 "@: forward: only IPv4 is forwarded, and the source is IPv6"},
	{"forward tcp 80 to 172.16.99.10 x",
	 "@: forward: does not take 'x'; its form: forward PROTO "
	 "PORTS to ADDR[:PORT] [from SRC]"},
	{"ndp", "@: ndp: needs 'proxy PREFIX' after 'ndp'"},
	{"ndp relay home", "@: ndp: 'relay' where 'proxy PREFIX' is wanted"},
	{"ndp proxy", "@: ndp: needs an IPv6 prefix after 'proxy'"},
	{"ndp proxy 10.0.0.0/8",
	 "@: ndp: '10.0.0.0/8' is not IPv6; IPv4 has no neighbour discovery"},
	{"ndp proxy home eth0", "@: ndp: does not take 'eth0'; its form: ndp proxy PREFIX [on IF]"},
	{"ndp proxy home on", "@: ndp: needs an interface after 'on'"},
	{"ndp proxy home on eth9", "@: ndp: no interface 'eth9' (have: eth0, vmbr0, vmbr1, wg0)"},
	{"ndp proxy home on vmbr0", "@: ndp: 'vmbr0' is not a wan interface"},
	/* ---- option ---- */
	{"option",
	 "@: option: needs a name (bogons, fast-path, dispatcher, require, flows, drop-log, rescue) "
	 "after 'option'"},
	{"option bogon on", "@: option: unknown option 'bogon'; did you mean 'bogons'? " KNOWN},
	{"option speed 11", "@: option: unknown option 'speed' " KNOWN},
	{"option bogons", "@: option: needs 'on' or 'off' after 'bogons'"},
	{"option bogons maybe", "@: option: 'maybe' where 'on' or 'off' is wanted"},
	{"option bogons on off", "@: option: does not take 'off'; its form: option NAME VALUE"},
	{"option fast-path 1", "@: option: '1' where 'on' or 'off' is wanted"},
	{"option require", "@: option: needs 'native' after 'require'"},
	{"option require generic", "@: option: 'generic' where 'native' is wanted"},
	{"option flows", "@: option: needs a number of flows after 'flows'"},
	{"option flows 1023",
	 "@: option: '1023' is no size for the table of flows (1024 to 16777216)"},
	{"option flows 16777217",
	 "@: option: '16777217' is no size for the table of flows (1024 to 16777216)"},
	{"option flows -1", "@: option: '-1' is no size for the table of flows (1024 to 16777216)"},
	{"option flows many",
	 "@: option: 'many' is no size for the table of flows (1024 to 16777216)"},
	{"option drop-log", "@: option: needs 'rate N/s' after 'drop-log'"},
	{"option drop-log 10/s", "@: option: '10/s' where 'rate N/s' is wanted"},
	{"option drop-log rate", "@: option: needs a rate (10/s) after 'rate'"},
	{"option drop-log rate 10", "@: option: '10' is no rate (1/s to 1000000/s)"},
	{"option drop-log rate 10/s 1",
	 "@: option: does not take '1'; its form: option NAME VALUE"},
	{"option rescue", "@: option: needs what to let in to the host (tcp 22) after 'rescue'"},
	{"option rescue tpc 22",
	 "@: option: unknown protocol 'tpc'; did you mean 'tcp'? (tcp, udp, sctp, icmp, icmp6, esp, "
	 "gre, any or a number up to 255)"},
	{"option rescue tcp 22 from nobody",
	 "@: option: 'nobody' is not defined and no address (define nobody VALUE)"},
	{"option bogons on\noption bogons off",
	 "xfw.conf:7: option: 'bogons' is given already, in line 6: option bogons on"},
	/* ---- several at once, in the order of their lines ---- */
	{"allow tcp 0 vm1\nwan eth7\nalow\ndefine x ::1",
	 "@: allow: '0' is no port (1 to 65535)\n"
	 "xfw.conf:7: wan: no interface 'eth7' (have: eth0, vmbr0, vmbr1, wg0)\n"
	 "xfw.conf:8: unknown statement 'alow'; did you mean 'allow'?"},
	{"\n\n# a comment\nallow tcp 0 \\\n  vm1\nallow tcp 0 any",
	 "xfw.conf:9: allow: '0' is no port (1 to 65535)\n"
	 "xfw.conf:11: allow: '0' is no port (1 to 65535)"},
};

/* The message with every '@' put in full. */
static void spell_out(const char *message, char *out, size_t size)
{
	size_t at = 0;

	for (; *message && at + 1 < size; message++)
		if (*message == '@')
			at += snprintf(out + at, size - at, "xfw.conf:6");
		else
			out[at++] = *message;
	out[at] = '\0';
}

static void is_told(void **state)
{
	const struct row *row = *state;
	char text[2048], said[8192], wanted[8192];

	snprintf(text, sizeof(text), PREAMBLE "%s", row->lines);
	faults_of(text, strlen(text), said, sizeof(said));
	if (!row->message) {
		assert_non_null(strstr(said, "is no tcp service and no defined name"));
		return;
	}
	spell_out(row->message, wanted, sizeof(wanted));
	assert_string_equal(said, wanted);
}

/* ---- messages that are not of one line ---- */

static void no_wan_is_a_fault_of_the_whole(void **state)
{
	char said[1024];

	(void)state;
	faults_of("lan vmbr0\n", 10, said, sizeof(said));
	assert_string_equal(said, "xfw.conf: no 'wan IF' line: nothing would be protected");
	faults_of("", 0, said, sizeof(said));
	assert_string_equal(said, "xfw.conf: no 'wan IF' line: nothing would be protected");
}

static void of_many_faults_the_first_twenty_lines_are_told(void **state)
{
	struct document document;
	struct faults faults = {};
	struct config config;
	char text[4096] = PREAMBLE;

	(void)state;
	for (int i = 0; i < 30; i++)
		strcat(text, i % 2 ? "nonsense\n" : "allow tcp 0 any\n");
	document_init(&document, "xfw.conf");
	assert_int_equal(document_read(&document, text, strlen(text), &faults), -EINVAL);
	/* Of the fifteen equal rules one is in the document: the first. */
	assert_int_equal(resolve(&document, machine(), &config, &faults), -EINVAL);
	assert_int_equal(faults.count, 16);
	assert_string_equal(faults.lines[0], "xfw.conf:6: allow: '0' is no port (1 to 65535)");
	assert_int_equal(faults.places[1], 7);
	assert_int_equal(faults.places[15], 35);
	config_free(&config);
	document_free(&document);
}

static void faults_beyond_twenty_are_counted_and_the_first_kept(void **state)
{
	struct faults faults = {};

	(void)state;
	for (int place = 100; place > 0; place--)
		faults_add(&faults, place, "fault of line %d", place);
	assert_int_equal(faults.count, 100);
	for (int i = 0; i < FAULTS_MAX; i++)
		assert_int_equal(faults.places[i], i + 1);
	assert_string_equal(faults.lines[19], "fault of line 20");
}

static void a_long_fault_ends_in_an_ellipsis_and_whole_characters(void **state)
{
	struct fault fault;
	char word[1024];

	(void)state;
	for (size_t i = 0; i + 2 < sizeof(word); i += 2)
		memcpy(word + i, "ü", 2);
	word[sizeof(word) - 2] = '\0';
	for (int shift = 0; shift < 2; shift++) {
		size_t length;

		assert_int_equal(fault_set(&fault, "%s%s", shift ? "x" : "", word), -EINVAL);
		length = strlen(fault.text);
		assert_true(length < sizeof(fault.text));
		assert_string_equal(fault.text + length - 3, "…");
		assert_memory_equal(fault.text + length - 5, "ü", 2);
	}
}

/* ---- on the command line ---- */

static void typed_lines_have_no_place_and_running_ones_show_themselves(void **state)
{
	struct document document;
	struct faults faults = {};
	struct fault fault = {""};
	struct config config;

	(void)state;
	document_init(&document, NULL);
	assert_int_equal(document_read_running(&document,
					       "2 0\n0 define vm1 ::5\n0 wan eth0\n"
					       "1 allow tcp 22 vm1\n",
					       &faults),
			 0);
	assert_int_equal(type(&document, "define vm1 10.0.0.0/8", &fault), 0);
	assert_int_equal(type(&document, "route 10.0.0.0/8 dev vmbr9", &fault), 0);
	assert_int_equal(resolve(&document, machine(), &config, &faults), -EINVAL);
	assert_string_equal(faults.lines[0],
			    "xfw: route: no interface 'vmbr9' (have: eth0, vmbr0, vmbr1, wg0)");
	assert_int_equal(faults.count, 1);
	config_free(&config);

	memset(&faults, 0, sizeof(faults));
	document_remove(&document, document_find(&document, "define vm1 10.0.0.0/8"));
	document_remove(&document, document_find(&document, "route 10.0.0.0/8 dev vmbr9"));
	assert_int_equal(resolve(&document, machine(), &config, &faults), -EINVAL);
	assert_string_equal(faults.lines[0],
			    "xfw: allow: 'vm1' is not defined and no address (define vm1 VALUE) "
			    "(in the running 'allow tcp 22 vm1')");
	config_free(&config);
	document_free(&document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_wan_is_a_fault_of_the_whole),
		cmocka_unit_test(of_many_faults_the_first_twenty_lines_are_told),
		cmocka_unit_test(faults_beyond_twenty_are_counted_and_the_first_kept),
		cmocka_unit_test(a_long_fault_ends_in_an_ellipsis_and_whole_characters),
		cmocka_unit_test(typed_lines_have_no_place_and_running_ones_show_themselves),
	};
	int failed = run_rows("messages", is_told, rows, sizeof(rows[0]), ENTRIES(rows));

	return failed + cmocka_run_group_tests_name("messages of the whole", tests, NULL, NULL);
}
