extension Expression {
  /// What a statement of libnftables' JSON (libnftables-json(5)) does that is kept as its text; `nil`: no more is known of it
  /// than its name says.
  static func meaning(ofJSON text: [UInt8]) -> Meaning? {
    guard let (verb, body) = (try? JSONValue(parsing: text))?.onlyMember else { return nil }
    return switch verb {
    case "match": body["left"]?["exthdr"].flatMap { meaning(ofHeader: $0, body) }
    // Without what it holds: a match rewrites nothing and ends no packet's way.
    case "xt": body["type"]?.string == "match" ? .mayMatch : nil
    case "mangle": body["key"]?.onlyMember.flatMap { meaning(ofWriting: $0.key, $0.value) }
    default: nil
    }
  }

  /// Packets without further headers are looked at.
  private static func meaning(ofHeader header: JSONValue, _ match: JSONValue) -> Meaning? {
    guard let name = header["name"]?.string, name != "mh" else { return nil }
    if header["field"] != nil { return .neverMatches }
    guard case .bool(let isThere)? = match["right"] else { return nil }
    if isThere == (match["op"]?.string != "!=") { return .neverMatches }
    // A listing leaves out that only packets of IPv6 are asked.
    let register = Register.at(byte: 0)
    return .steps([.meta(.nfProto, into: register), .compare(.equal, register, [Family.ipv6.rawValue])])
  }

  private static func meaning(ofWriting kind: String, _ key: JSONValue) -> Meaning? {
    switch kind {
    // Ends the rule where a packet has no such option.
    case "tcp option", "ip option", "sctp chunk", "exthdr": return .mayMatch
    case "payload":
      guard let header = key["protocol"]?.string, let name = key["field"]?.string,
        let field = HeaderField(header: header, name: name)
      else { return nil }
      let first = field.offset / 8
      return .rewrites(
        field.header.base, offset: first, length: (field.offset + field.length + 7) / 8 - first)
    default: return nil
    }
  }
}
