package sandbox

import (
	"slices"
	"sync"
	"time"
)

// Ids of the fixed assets.
const (
	// DocumentedAsset and DocumentedItem (a web item) are those of the portal's
	// own documentation. The asset has three versions and an additional file.
	DocumentedAsset = "D4AC0B41-141B-47D2-98B4FECDA8894CB2"
	DocumentedItem  = "1364B483-A8C2-41FA-8FEBB8A797696990"
	// PresentationAsset is a PowerPoint file, whose PDF twin (a web item) has no
	// file name, width nor height.
	PresentationAsset = "7A0B3C61-52D4-4E0F-9B6A1C2D3E4F5061"
	// ArchivedAsset, LimitedAsset and WatermarkedAsset each need a role of their own.
	ArchivedAsset    = "A1C41FED-0001-4F10-8A0B9C8D7E6F5A41"
	LimitedAsset     = "11317ED0-0002-4F10-8A0B9C8D7E6F5A42"
	WatermarkedAsset = "3A7E53A2-0003-4F10-8A0B9C8D7E6F5A43"
	// UnicodeAsset has a file name that is not ASCII.
	UnicodeAsset = "0E1C0DE0-0004-4F10-8A0B9C8D7E6F5A44"
	// EmptyAsset is a file without a byte.
	EmptyAsset = "E3970000-0005-4F10-8A0B9C8D7E6F5A45"
	// NoOriginalAsset has an additional file only.
	NoOriginalAsset = "0080F11E-0006-4F10-8A0B9C8D7E6F5A46"
	// UUIDAsset has an id in the form of RFC 9562, 36 characters, as newer
	// endpoints use it.
	UUIDAsset = "c0ffee00-0007-4f10-8a0b-9c8d7e6f5a47"
	// PartsAsset is 20 MiB that came to storage in three parts.
	PartsAsset = "9A375000-0008-4F10-8A0B9C8D7E6F5A48"
	// VideoAsset is 256 MiB whose ETag is that of an upload in parts.
	VideoAsset = "71DE0000-0009-4F10-8A0B9C8D7E6F5A49"
	// LargeAsset is 1 GiB whose ETag is its MD5.
	LargeAsset = "1A46E000-000A-4F10-8A0B9C8D7E6F5A4A"
	// DeletedAsset is in a collection, and nowhere else.
	DeletedAsset = "DE1E7ED0-000B-4F10-8A0B9C8D7E6F5A4B"
)

// VideoSize and LargeSize are the sizes of VideoAsset and LargeAsset in bytes.
const (
	VideoSize = 256 << 20
	LargeSize = 1 << 30
)

// The digests of the two, which take too long to compute at each start.
const (
	videoDigest = "aaff16e4bb96b1ab11710eb82373e8bc-32"
	largeDigest = "a5ce32b5b522d3f0c20d83abcbb819db"
)

var fixedAssets = sync.OnceValue(func() []asset {
	assets := []asset{
		documentedAsset(),
		{
			id: PresentationAsset, name: "Quarterly review", kind: "document", ext: "pptx", size: 310_417,
			tags: []string{"finance"},
			items: []item{
				{kind: "original", version: 1, active: true, file: "Quarterly review.pptx", size: 310_417},
				{kind: "web", version: 1, active: true, file: "Quarterly review.pdf", unnamed: true, size: 120_034},
			},
		},
		{id: ArchivedAsset, name: "Archived logo", ext: "png", archived: true},
		{id: LimitedAsset, name: "Limited key visual", limited: true},
		{id: WatermarkedAsset, name: "Watermarked preview", watermarked: true},
		{
			id: UnicodeAsset, name: "Ünïcödé – naïve 日本語", public: true, size: 54_321,
			items: []item{{
				kind: "original", version: 1, active: true, file: "Ünïcödé – naïve 日本語.jpg",
				width: 640, height: 480, size: 54_321,
			}},
		},
		{
			id: EmptyAsset, name: "Empty", kind: "document", ext: "txt",
			items: []item{{kind: "original", version: 1, active: true, file: "empty.txt"}},
		},
		{
			id: NoOriginalAsset, name: "Notes only", kind: "document", ext: "txt",
			items: []item{{kind: "additional", version: 1, active: true, file: "notes.txt", size: 2_048}},
		},
		{id: UUIDAsset, name: "New style id"},
		{
			id: PartsAsset, name: "Came in parts", kind: "video", ext: "mp4", width: 1920, height: 1080, size: 20 << 20,
			items: []item{{
				kind: "original", version: 1, active: true, file: "came-in-parts.mp4",
				width: 1920, height: 1080, size: 20 << 20, partSize: uploadPart,
			}},
		},
		{
			id: VideoAsset, name: "Making of", kind: "video", ext: "mov", width: 1920, height: 1080, size: VideoSize,
			items: []item{{
				kind: "original", version: 1, active: true, file: "making-of.mov", width: 1920, height: 1080,
				size: VideoSize, partSize: uploadPart, recorded: videoDigest,
			}},
		},
		{
			id: LargeAsset, name: "Full film", kind: "video", ext: "mov", width: 3840, height: 2160, size: LargeSize,
			items: []item{{
				kind: "original", version: 1, active: true, file: "full-film.mov", width: 3840, height: 2160,
				size: LargeSize, recorded: largeDigest,
			}},
		},
	}
	for i := range assets {
		assets[i].complete(i)
	}
	return assets
})

func documentedAsset() asset {
	created := time.Date(2017, 3, 22, 13, 40, 36, 0, time.UTC)
	original := func(version int, size int64) item {
		return item{
			kind: "original", version: version, active: version == 3, file: "Twitter.jpg",
			width: 1500, height: 750, size: size, created: created.Add(time.Duration(version) * time.Hour),
		}
	}
	return asset{
		id: DocumentedAsset, name: "Twitter", description: "The documented example", copyright: "Bynder",
		kind: "image", ext: "jpg", created: created, width: 1500, height: 750, size: 183_204, public: true,
		versions: 3, tags: []string{"social", "twitter"}, photographers: people[:1], region: regions[0],
		items: []item{
			original(1, 150_001), original(2, 170_002), original(3, 183_204),
			{
				id: DocumentedItem, kind: "web", version: 1, active: true,
				file: "Twitter-1364b483-a8c2-41fa-8feb-b8a797696990.jpg", width: 440, height: 220, size: 21_348,
				created: created,
			},
			{kind: "additional", version: 1, active: true, file: "Twitter-brief.pdf", size: 33_333},
			{kind: "additional", version: 1, active: true, file: "Twitter-licence.pdf", size: 12_345},
		},
	}
}

// complete fills in what an entry of the table leaves out.
func (a *asset) complete(index int) {
	a.index, a.variant, a.number = index, index, uint64(1)<<40|uint64(index)
	a.rights = rightsDownload
	setDefault(&a.kind, "image")
	setDefault(&a.ext, "jpg")
	setDefault(&a.versions, 1)
	setDefault(&a.created, time.Date(2017, 4, 1+index, 9, 0, 0, 0, time.UTC))
	a.tags = append(slices.Clone(a.tags), "fixed")
	if a.kind == "image" && a.width == 0 {
		a.width, a.height = 1024, 768
	}
	if a.items == nil {
		a.size = 90_000 + int64(index)
	}
	for i := range a.items {
		it := &a.items[i]
		setDefault(&it.id, numberedID(itemSalt, a.number<<8|uint64(i)))
		setDefault(&it.created, a.modified())
	}
}
