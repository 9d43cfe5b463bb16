extension Rule {
  /// The rule's steps in the notation of `nft --debug=netlink` (libnftnl), one a line.
  public var debugLines: [String] { expressions.map(\.debugText) }
}

extension Expression {
  /// The step in libnftnl's notation, such as `[ cmp eq reg 1 0x00000006 ]`.
  public var debugText: String { "[ \(debugBody) ]" }

  private var debugBody: String {
    switch self {
    case .meta(let key, let target): "meta load \(key.debugName) => \(target)"
    case .setMeta(let key, let source): "meta set \(key.debugName) with \(source)"
    case .payload(let base, let offset, let length, let target):
      "payload load \(length)b @ \(base.debugName) header + \(offset) => \(target)"
    case .compare(let sign, let register, let value): "cmp \(sign.debugName) \(register) \(words(value))"
    case .range(let negated, let register, let from, let to):
      "range \(negated ? "neq" : "eq") \(register) \(words(from)) \(words(to))"
    case .bitwise(let from, let into, let mask, let xor):
      "bitwise \(into) = ( \(from) & \(words(mask)) ) ^ \(words(xor))"
    case .shift(let from, let into, _, let left, let bits):
      "bitwise \(into) = ( \(from) \(left ? "<<" : ">>") \(word(bits)) )"
    case .byteorder(let from, let into, let toNetwork, let length, let size):
      "byteorder \(into) = \(toNetwork ? "hton" : "ntoh")(\(from), \(size), \(length))"
    case .lookup(let set, let register, let negated, let into):
      "lookup \(register) set \(set.debugName)" + (into.map { " d\($0)" } ?? "")
        + (negated ? " 0x1" : "")
    case .immediate(let register, let value): "immediate \(register) \(words(value))"
    case .verdict(let verdict): "immediate reg 0 \(verdict.debugName)"
    case .conntrack(let key, let direction, let target):
      "ct load \(key.debugName) => \(target)" + direction.debugSuffix
    case .setConntrack(let key, let direction, let source):
      "ct set \(key.debugName) with \(source)" + direction.debugSuffix
    case .counter: "counter pkts 0 bytes 0"
    case .limit(let limit): limit.debugBody
    case .log(let log): log.debugBody
    case .reject(let reject): "reject type \(reject.kind.rawValue) code \(reject.code)"
    case .dynamicSet(let update): update.debugBody
    case .fib(let result, let flags, let target): "fib \(flags.debugName(result)) => \(target)"
    case .matchExtension(let match): "match name \(match.name) rev \(match.revision)"
    case .targetExtension(let target): "target name \(target.name) rev \(target.revision)"
    case .opaque(let name, let attributes):
      Translation(name: name, attributes: attributes)?.debugBody(name)
        ?? "\(name) opaque \(attributes.count) bytes"
    }
  }
}

extension Translation {
  /// As it was asked for: the kernel adds a highest end that equals the lowest, and the flag of addresses.
  fileprivate func debugBody(_ name: String) -> String {
    var words = [name]
    switch kind {
    case .source: words.append("snat")
    case .destination: words.append("dnat")
    case .redirect, .masquerade, .socket: break
    }
    if let family { words.append(family == .ipv4 ? "ip" : family == .ipv6 ? "ip6" : "unknown") }
    let highest = kind != .socket
    for (ends, what) in [(addresses, "addr"), (ports, highest ? "proto" : "port")] {
      guard let ends else { continue }
      words.append("\(what)\(highest ? "_min" : "") \(ends.first)")
      if highest, ends.last != ends.first { words.append("\(what)_max \(ends.last)") }
    }
    let asked = flags.subtracting(.addresses)
    if asked != [] { words.append("flags 0x" + String(asked.rawValue, radix: 16)) }
    return words.joined(separator: " ")
  }
}

/// Bytes as numbers of the host, four at a time, as libnftnl prints registers.
private func words(_ bytes: [UInt8]) -> String {
  stride(from: 0, to: bytes.count, by: 4).map { start in
    let part = Array(bytes[start..<min(start + 4, bytes.count)])
    let padded = part + [UInt8](repeating: 0, count: 4 - part.count)
    return word((hostIsLittle ? padded.reversed() : padded).reduce(0) { $0 << 8 | UInt32($1) })
  }.joined(separator: " ")
}

private func word(_ value: UInt32) -> String {
  let digits = String(value, radix: 16)
  return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
}

extension Register: CustomStringConvertible {
  public var description: String { "reg \(rawValue)" }
}

extension MetaKey {
  fileprivate var debugName: String {
    let names = [
      "len", "protocol", "priority", "mark", "iif", "oif", "iifname", "oifname", "iiftype", "oiftype",
      "skuid", "skgid", "nftrace", "rtclassid", "secmark", "nfproto", "l4proto", "bri_iifname",
      "bri_oifname", "pkttype", "cpu", "iifgroup", "oifgroup", "cgroup", "prandom", "secpath", "iifkind",
      "oifkind", "iifpvid", "iifvproto", "time", "day", "hour", "sdif", "sdifname",
    ]
    return rawValue < UInt32(names.count) ? names[Int(rawValue)] : "unknown"
  }
}

extension ConntrackKey {
  fileprivate var debugName: String {
    let names = [
      "state", "direction", "status", "mark", "secmark", "expiration", "helper", "l3protocol", "src",
      "dst", "protocol", "proto_src", "proto_dst", "label", "packets", "bytes", "avgpkt", "zone", "event",
      "src_ip", "dst_ip", "src_ip6", "dst_ip6",
    ]
    return rawValue < UInt32(names.count) ? names[Int(rawValue)] : "unknown"
  }
}

extension PayloadBase {
  fileprivate var debugName: String {
    switch self {
    case .link: "link"
    case .network: "network"
    case .transport: "transport"
    case .inner: "inner"
    }
  }
}

extension ComparisonOperator {
  fileprivate var debugName: String {
    switch self {
    case .equal: "eq"
    case .notEqual: "neq"
    case .less: "lt"
    case .lessOrEqual: "lte"
    case .greater: "gt"
    case .greaterOrEqual: "gte"
    }
  }
}

extension SetReference {
  fileprivate var debugName: String {
    switch self {
    case .named(let name): name.text
    case .inline(let set): set.data == nil ? "__set%d" : "__map%d"
    }
  }
}

extension Verdict {
  fileprivate var debugName: String {
    switch self {
    case .drop: "drop"
    case .accept: "accept"
    case .queue(let number): "queue \(number)"
    case .continue: "continue"
    case .return: "return"
    case .jump(let chain): "jump -> \(chain)"
    case .goto(let chain): "goto -> \(chain)"
    }
  }
}

extension Optional<ConntrackDirection> {
  fileprivate var debugSuffix: String {
    switch self {
    case .original?: " , dir original"
    case .reply?: " , dir reply"
    case nil: ""
    }
  }
}

extension Limit {
  fileprivate var debugBody: String {
    let unit = Self.units.first { $0.seconds == self.unit }?.name ?? "\(self.unit)s"
    return "limit rate \(rate)/\(unit) burst \(burst) type \(bytes ? "bytes" : "packets") "
      + "flags \(over ? "0x1" : "0x0")"
  }
}

extension Log {
  fileprivate var debugBody: String {
    var text = "log"
    if let prefix { text += " prefix \(prefix)" }
    if let group {
      text += " group \(group) snaplen \(snapLength ?? 0) qthreshold \(queueThreshold ?? 0)"
    }
    if let level { text += " level \(level)" }
    let words: [(UInt32, String)] = [
      (1, "tcpseq"), (2, "tcpopt"), (4, "ipopt"), (8, "uid"), (32, "macdecode"),
    ]
    for (bit, word) in words where (flags ?? 0) & bit != 0 { text += " \(word)" }
    return text
  }
}

extension DynamicSet {
  fileprivate var debugBody: String {
    let verb =
      switch operation {
      case .add: "add"
      case .update: "update"
      case .delete: "delete"
      }
    var text = "dynset \(verb) reg_key \(key.rawValue) set \(set)"
    if let data { text += " sreg_data \(data.rawValue)" }
    if let timeout { text += " timeout \(timeout)ms" }
    for expression in expressions { text += " expr \(expression.debugText)" }
    return text
  }
}

extension FibFlags {
  fileprivate func debugName(_ result: FibResult) -> String {
    let asked = words.joined(separator: " . ")
    return "\(asked) \(result.name ?? "unknown")" + (contains(.present) ? " present" : "")
  }
}
