/// A metric with its samples, in the words of Prometheus.
package struct MetricFamily: Hashable, Sendable {
  /// What may become of its values.
  package enum Kind: String, Hashable, Sendable {
    /// It grows; where it begins anew, as with rules that are made anew, it is less than before.
    case counter
    case gauge
  }

  /// A value of it.
  package struct Sample: Hashable, Sendable {
    package let labels: [Label]
    package let value: Value
  }

  /// What tells samples apart.
  package struct Label: Hashable, Sendable {
    package let name: String
    package let value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// A whole number, of which none is rounded on its way into text.
  package enum Value: Hashable, Sendable, CustomStringConvertible {
    case count(UInt64)
    case number(Int64)

    package var description: String {
      switch self {
      case .count(let value): "\(value)"
      case .number(let value): "\(value)"
      }
    }
  }

  package let name: String
  package let kind: Kind
  package let help: String
  package private(set) var samples: [Sample] = []

  package init(_ name: String, _ kind: Kind, _ help: String) {
    self.name = name
    self.kind = kind
    self.help = help
  }

  package mutating func add(_ value: Value?, _ labels: Label...) {
    if let value { samples.append(Sample(labels: labels, value: value)) }
  }
}

/// Metrics in Prometheus' text format (version 0.0.4), which node_exporter's textfile collector reads.
package enum MetricText {
  /// Families without samples are left out.
  package static func of(_ families: [MetricFamily]) -> String {
    var out = ""
    for family in families where !family.samples.isEmpty {
      out += "# HELP \(family.name) \(escaped(family.help))\n# TYPE \(family.name) \(family.kind.rawValue)\n"
      for sample in family.samples {
        let labels = sample.labels.map { "\($0.name)=\"\(escaped($0.value, isValue: true))\"" }
        out +=
          family.name + (labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}") + " \(sample.value)\n"
      }
    }
    return out
  }

  private static func escaped(_ text: String, isValue: Bool = false) -> String {
    text.escaping { scalar in
      switch scalar {
      case "\\": "\\\\"
      case "\n": "\\n"
      case "\"" where isValue: "\\\""
      // Names are told by hosts; one that lies must not end a line of the others'.
      case _ where scalar.properties.generalCategory == .control: "?"
      default: nil
      }
    }
  }
}
