extension DiagnosticReport {
  /// The report for programs: one JSON object a diagnostic, in the order of their places.
  public func jsonLines(_ sources: Sources) -> [String] {
    diagnostics.map { diagnostic in
      var fields = [#""severity":"\#(diagnostic.severity.rawValue)""#]
      fields += Self.place(diagnostic.location, diagnostic.length, sources)
      fields.append("\"message\":\(Self.json(diagnostic.message))")
      if let help = diagnostic.help { fields.append("\"help\":\(Self.json(help))") }
      if !diagnostic.related.isEmpty {
        let related = diagnostic.related.map { place in
          let fields = Self.place(place.location, place.length, sources)
          return "{" + (fields + ["\"message\":\(Self.json(place.message))"]).joined(separator: ",") + "}"
        }
        fields.append("\"related\":[\(related.joined(separator: ","))]")
      }
      return "{" + fields.joined(separator: ",") + "}"
    }
  }

  private static func place(_ at: SourceLocation, _ length: Int, _ sources: Sources) -> [String] {
    let file = "\"file\":\(json(sources.shownPath(at.file)))"
    return at.line == 0 ? [file] : [file, "\"line\":\(at.line),\"column\":\(at.column),\"length\":\(length)"]
  }

  /// A JSON string (RFC 8259, 7).
  private static func json(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\t": out += "\\t"
      default:
        if scalar.value >= 0x20, scalar.value != 0x7f {
          out.unicodeScalars.append(scalar)
        } else {
          let hex = String(scalar.value, radix: 16)
          out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        }
      }
    }
    return out + "\""
  }
}
