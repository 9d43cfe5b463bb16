/// A document of evidence: chapters with tables, and pictures of the policy.
///
/// Every form of it (HTML, Markdown, CSV, JSON) is made of these values alone.
package struct Report: Hashable, Sendable, Encodable {
  package let title: String
  /// What it is of: names and values.
  package let identity: [Fact]
  package let chapters: [ReportChapter]
  /// Not part of forms that have no pictures.
  package let picture: ReportPicture?

  /// A name and its value.
  package struct Fact: Hashable, Sendable, Encodable {
    package let name: String
    package let value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  private enum CodingKeys: CodingKey { case title, identity, chapters }

  package init(title: String, identity: [Fact], chapters: [ReportChapter], picture: ReportPicture?) {
    self.title = title
    self.identity = identity
    self.chapters = chapters
    self.picture = picture
  }
}

/// What there is to say of one question.
package struct ReportChapter: Hashable, Sendable, Encodable {
  /// A word of lower-case letters, which links lead to.
  package let id: String
  package let title: String
  /// Sentences ahead of the tables.
  package var lead: [String]
  package var tables: [ReportTable]

  package init(_ id: String, _ title: String, lead: [String] = [], tables: [ReportTable] = []) {
    self.id = id
    self.title = title
    self.lead = lead
    self.tables = tables
  }
}

/// Rows under names of columns.
package struct ReportTable: Hashable, Sendable, Encodable {
  /// What a cell says beside its words.
  package enum Tone: Hashable, Sendable {
    case good
    case bad
    /// What somebody should look at.
    case notice
  }

  /// A row, and how its first cell is to be seen.
  package struct Row: Hashable, Sendable, Encodable {
    package let cells: [String]
    package let tone: Tone?

    package init(_ cells: [String], _ tone: Tone? = nil) {
      self.cells = cells
      self.tone = tone
    }

    package func encode(to encoder: any Encoder) throws { try cells.encode(to: encoder) }
  }

  package let caption: String
  package let columns: [String]
  package let rows: [Row]
  /// Whether it is long enough to be searched in.
  package var isSearched: Bool { rows.count > 15 }

  private enum CodingKeys: CodingKey { case caption, columns, rows }

  package init(_ caption: String, _ columns: [String], _ rows: [Row]) {
    self.caption = caption
    self.columns = columns
    self.rows = rows
  }
}
