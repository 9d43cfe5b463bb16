/// What one inventory may cost, far above any real one.
enum YAMLLimits {
  /// Collections inside each other; the language needs six.
  static let depth = 32
  /// Values of all files together.
  static let nodes = 4_000_000
  /// Values that aliases may add: an alias bomb stops here.
  static let aliasedNodes = 65_536
  /// Bytes of one file, and of all.
  static let fileBytes = 16 << 20
  static let totalBytes = 64 << 20
  /// Groups that name groups that name groups, and networks likewise.
  static let references = 64
  /// Files of one inventory.
  static let files = 4096
}
