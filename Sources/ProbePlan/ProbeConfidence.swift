/// What a sample without a deviation says of all that it was drawn from.
package struct ProbeConfidence: Hashable, Sendable {
  package let samples: Int
  /// How sure it is.
  package static let level = 0.99

  /// `nil` for no sample at all.
  package init?(samples: Int) {
    guard samples > 0 else { return nil }
    self.samples = samples
  }

  /// The share of all below which those that deviate are, surely enough: with a larger share p so many samples would
  /// be without one with a probability of (1-p)^n < 1 - level, so that p = 1 - (1 - level)^(1/n).
  package var share: Double {
    // ln(0.01); the power is the exponential series, which converges fast for what is left of it.
    let exponent = 4.605_170_185_988_091 / Double(samples)
    let halvings = 8
    var term = 1.0
    var sum = 1.0
    for index in 1...16 {
      term *= -exponent / Double(1 << halvings) / Double(index)
      sum += term
    }
    for _ in 0..<halvings { sum *= sum }
    return 1 - sum
  }
}
