/// A boot (random(4)) and a network namespace in it, as `BOOT:NAMESPACE`.
package enum BootPlace {
  /// Whether one is another network namespace of the same boot: two may have one state directory.
  package static func isElsewhere(_ place: String, than other: String) -> Bool {
    place != other && place.prefix { $0 != ":" } == other.prefix { $0 != ":" }
  }
}
