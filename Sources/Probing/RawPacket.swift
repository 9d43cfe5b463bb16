internal import Addressing
internal import Attempts
internal import CLinux

/// A packet of a protocol that is sent raw, without its IP header, just valid enough for connection tracking.
struct RawPacket {
  let ipProtocol: IPProtocol
  let bytes: [UInt8]
  /// The part of ``bytes`` that tells it from other attempts' and that the kernel does not change.
  let identity: Range<Int>

  /// - Parameters:
  ///   - run: the same for all attempts of a run.
  ///   - number: of the attempt within the run.
  init(_ attempt: Attempt, run: UInt16, number: UInt16) {
    ipProtocol = attempt.ipProtocol
    let token = network(run) + network(number)
    let padding = [UInt8](repeating: 0, count: Int(attempt.size / 2) * 2)
    switch (attempt.ipProtocol, attempt.aim) {
    case (.icmp, .type(let type)), (.icmpv6, .type(let type)):
      // type | code | checksum | identifier | sequence | data; the kernel sums up only ICMPv6.
      var message = [type, 0, 0, 0] + token + ProbePayload.question + padding
      if attempt.ipProtocol == .icmp { message.replaceSubrange(2..<4, with: internetChecksum(message)) }
      bytes = message
      identity = 4..<8
    case (.sctp, .port(let port)):
      // INIT: RFC 9260, 3.3.2. Source port | destination port | tag 0 | CRC32c | chunk.
      let sourcePort = attempt.sourcePort ?? (0x8000 | number)
      var packet = network(sourcePort) + network(port) + [0, 0, 0, 0, 0, 0, 0, 0]
      packet += [1, 0, 0, 20] + token + [0, 1, 0, 0] + [0, 1, 0, 1] + token
      packet.replaceSubrange(8..<12, with: crc32c(packet))
      bytes = packet
      identity = 0..<4
    case (.gre, _):
      // No options, version 0, an IPv4 payload that is missing: RFC 2784.
      bytes = [0, 0, 8, 0] + token + padding
      identity = 4..<8
    case (.ah, _):
      // Nothing follows (59), 24 bytes, SPI, sequence, integrity value: RFC 4302.
      bytes = [59, 4, 0, 0] + token + [0, 0, 0, 1] + [UInt8](repeating: 0, count: 12) + padding
      identity = 4..<8
    default:
      // Of ESP (RFC 4303) the SPI and the sequence; other receivers find nothing they know.
      bytes = token + [0, 0, 0, 1] + [UInt8](repeating: 0, count: 8) + padding
      identity = 0..<4
    }
  }

  /// Whether an ICMP error is about this packet, as far as it quotes it.
  func isQuoted(in packet: [UInt8]) -> Bool {
    packet.count < identity.upperBound || packet[identity] == bytes[identity]
  }

  /// What a received packet of the protocol says about this attempt; `nil`: it is not an answer to it.
  func outcome(of answer: [UInt8], from destination: Address) -> AttemptOutcome? {
    switch ipProtocol {
    case .icmp, .icmpv6:
      guard answer.count >= 8, answer[identity] == bytes[identity] else { return nil }
      return Self.answers[bytes[0]] == answer[0] ? .open : nil
    case .sctp:
      guard answer.count > 12, answer[0..<2] == bytes[2..<4], answer[2..<4] == bytes[0..<2] else {
        return nil
      }
      // INIT ACK and ABORT.
      return answer[12] == 2 ? .open : answer[12] == 6 ? .refused(by: destination) : nil
    default:
      return nil
    }
  }

  /// Echo, timestamp, information and address mask of ICMP, echo of ICMPv6.
  private static let answers: [UInt8: UInt8] = [8: 0, 13: 14, 15: 16, 17: 18, 128: 129]
}

func network(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)] }

/// RFC 1071, of an even number of bytes.
private func internetChecksum(_ bytes: [UInt8]) -> [UInt8] {
  var sum: UInt32 = 0
  for index in stride(from: 0, to: bytes.count, by: 2) {
    sum += UInt32(bytes[index]) << 8 | UInt32(bytes[index + 1])
  }
  while sum > 0xffff { sum = sum >> 16 + sum & 0xffff }
  return network(~UInt16(sum))
}

/// CRC32c, least significant byte first, as SCTP carries it (RFC 9260, appendix A).
private func crc32c(_ bytes: [UInt8]) -> [UInt8] {
  var crc: UInt32 = 0xffff_ffff
  for byte in bytes {
    crc ^= UInt32(byte)
    for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82f6_3b78 : crc >> 1 }
  }
  crc = ~crc
  return (0..<4).map { UInt8(truncatingIfNeeded: crc >> UInt32($0 * 8)) }
}
