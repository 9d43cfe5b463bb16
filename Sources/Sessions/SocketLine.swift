internal import Addressing

/// A line of `/proc/net/tcp`, `tcp6`, `udp` or `udp6` (proc_pid_net(5)).
///
///     sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
///      0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 …
///
/// IPv4 written as IPv6 is IPv4: that is what its packets are.
struct SocketLine {
  let local: SessionEnd
  let remote: SessionEnd
  /// A state of net/tcp_states.h, in which sockets of UDP are, too.
  let state: UInt32
  /// 0: no process has the socket open.
  let inode: UInt64

  /// Those of a listing; lines that are none are left out.
  static func lines(of listing: [UInt8]) -> [SocketLine] {
    listing.split(separator: UInt8(ascii: "\n")).compactMap { line in
      let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 10)
      guard fields.count > 3, fields[0].last == UInt8(ascii: ":"), let local = endpoint(fields[1]),
        let remote = endpoint(fields[2]), let state = number(fields[3])
      else { return nil }
      let inode = fields.count > 9 ? UInt64(String(decoding: fields[9], as: UTF8.self)) : nil
      return SocketLine(local: local, remote: remote, state: state, inode: inode ?? 0)
    }
  }

  /// Words of an address are numbers of this machine's byte order, which holds them in network order.
  private static func endpoint(_ text: ArraySlice<UInt8>) -> SessionEnd? {
    let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].count == 4, let port = number(parts[1]) else { return nil }
    var bytes: [UInt8] = []
    var digits = parts[0]
    guard digits.count == 8 || digits.count == 32 else { return nil }
    while !digits.isEmpty {
      guard let word = number(digits.prefix(8)) else { return nil }
      bytes += ([24, 16, 8, 0] as [UInt32]).map { UInt8(truncatingIfNeeded: word.bigEndian >> $0) }
      digits = digits.dropFirst(8)
    }
    let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
    if bytes.starts(with: mapped) { bytes.removeFirst(mapped.count) }
    return Address(networkBytes: bytes[...]).map { SessionEnd($0, UInt16(truncatingIfNeeded: port)) }
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> UInt32? {
    UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
  }
}
