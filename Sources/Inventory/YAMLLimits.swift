/// What one inventory may cost, far above any real one.
enum YAMLLimits {
  /// Collections inside each other; the language needs six.
  static let depth = 32
  /// Values of all files together.
  static let nodes = 4_000_000
  /// Values that aliases may add: an alias bomb stops here.
  static let aliasedNodes = 65_536
  /// Groups that name groups that name groups, and networks likewise.
  static let references = 64
}
