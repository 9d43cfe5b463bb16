extension ClosedRange where Bound: FixedWidthInteger {
  /// `80`, or `1000-2000`.
  package var rangeText: String {
    lowerBound == upperBound ? "\(lowerBound)" : "\(lowerBound)-\(upperBound)"
  }
}

extension IntervalSet {
  /// `80, 443, 1000-2000`.
  package func text(separator: String = ", ") -> String {
    ranges.map(\.rangeText).joined(separator: separator)
  }
}
