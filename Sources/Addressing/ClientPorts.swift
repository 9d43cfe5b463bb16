/// Where programs have the ports from which they ask and that they do not choose themselves: from the first that Linux picks
/// (ip-sysctl.rst, `ip_local_port_range`, 32768 to 60999) to the last that other systems do (RFC 6335, 6: 49152 to 65535).
package let clientPorts: ClosedRange<UInt16> = 32_768...65_535
