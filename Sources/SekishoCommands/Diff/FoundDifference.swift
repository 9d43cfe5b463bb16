internal import ConnectionSpace

/// What a comparison found: objects host by host, and what that means for connections.
struct FoundDifference {
  let hosts: [HostDifference]
  /// `nil` where nothing is to be told: no host differs, only hosts differ that had no table, or it is not proven.
  let meaning: MeaningReport?

  /// - Parameter meaning: what is not proven is said; the objects then have to do.
  init(_ hosts: [HostDifference], _ console: Console, meaning: () throws(NotProven) -> MeaningReport?) {
    self.hosts = hosts
    do throws(NotProven) {
      self.meaning = try meaning()
    } catch {
      console.message(
        "which connections open and close is \(error); the objects that change are told instead")
      self.meaning = nil
    }
  }
}
