internal import ConnectionSpace

/// What a comparison found: objects host by host, and what that means for connections.
struct FoundDifference {
  let hosts: [HostDifference]
  /// `nil` where nothing is to be told: no host differs, only hosts differ that had no table, or it is not proven.
  let meaning: MeaningReport?
  /// Why it is not known which connections open and close; the objects then have to do.
  let notProven: NotProven?

  init(_ hosts: [HostDifference], meaning: () throws(NotProven) -> MeaningReport?) {
    self.hosts = hosts
    do throws(NotProven) {
      self.meaning = try meaning()
      notProven = nil
    } catch {
      self.meaning = nil
      notProven = error
    }
  }
}
