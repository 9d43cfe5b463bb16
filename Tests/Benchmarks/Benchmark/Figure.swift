/// One figure with what it should be.
struct Figure {
  enum Target {
    case atMost(Double)
    case atLeast(Double)
    /// Shown beside the others, without a promise.
    case none
  }

  let name: String
  let value: Double
  let unit: String
  let target: Target

  init(_ name: String, _ value: Double, _ unit: String, _ target: Target = .none) {
    self.name = name
    self.value = value
    self.unit = unit
    self.target = target
  }

  /// A line of the report: name, figure, target, ratio of the two, verdict.
  var line: String {
    let start = padded(name, 62) + padded("\(text(value)) \(unit)", 16, left: true)
    switch target {
    case .none: return start
    case .atMost(let limit): return start + verdict("<=", limit, isMet: value <= limit)
    case .atLeast(let limit): return start + verdict(">=", limit, isMet: value >= limit)
    }
  }

  private func verdict(_ sign: String, _ limit: Double, isMet: Bool) -> String {
    let ratio = limit > 0 ? "\(text(value / limit)) of it" : ""
    return "   \(padded("\(sign) \(text(limit)) \(unit)", 16))\(padded(ratio, 13))\(isMet ? "ok" : "MISSED")"
  }

  func show() { write(line) }
}

/// A heading of the report.
func section(_ title: String) { write("\n\(title)") }

/// A line of explanation.
func remark(_ text: String) { write("  \(text)") }

/// Three significant digits, as a person reads them.
func text(_ value: Double) -> String {
  let digits =
    value.magnitude >= 100 || value == value.rounded()
    ? 0 : value.magnitude >= 10 ? 1 : value.magnitude >= 1 ? 2 : 3
  var scale = 1.0
  for _ in 0..<digits { scale *= 10 }
  let number = Int((value * scale).rounded())
  if digits == 0 { return grouped(number) }
  let fraction = String(number % Int(scale))
  return "\(number / Int(scale)).\(String(repeating: "0", count: digits - fraction.utf8.count))\(fraction)"
}

private func grouped(_ number: Int) -> String {
  var rest = String(number)
  var groups: [String] = []
  while rest.utf8.count > 3 {
    groups.insert(String(rest.suffix(3)), at: 0)
    rest.removeLast(3)
  }
  return ([rest] + groups).joined(separator: ",")
}

private func padded(_ text: String, _ width: Int, left: Bool = false) -> String {
  let space = String(repeating: " ", count: max(0, width - text.count))
  return left ? space + text : text + space
}

/// The middle of some measurements.
func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
