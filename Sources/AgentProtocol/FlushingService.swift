/// A service of the host that takes Sekisho's table away.
package struct FlushingService: Hashable, Sendable, Codable {
  /// When it does so.
  package enum Moment: String, Hashable, Sendable, Codable {
    /// Whenever somebody starts it.
    case start
    /// When the machine boots, behind what a boot loads.
    case boot
    case reload
    case stop
  }

  @BoundedWord package private(set) var unit: String
  @BoundedList package private(set) var moments: [Moment]
  /// The first of its commands that does it.
  @BoundedWord package private(set) var command: String

  package init(unit: String, moments: [Moment], command: String) {
    self.unit = unit
    self.moments = moments
    self.command = command
  }
}
