/** A named graph to begin with. */
export interface DomainExample {
  name: string
  /** What it shows, in a sentence. */
  about: string
  /** DAGitty text. */
  text: string
}

/** Graphs of recommenders, each of which shows one thing that the answers tell. */
export const domainExamples: readonly DomainExample[] = [
  {
    name: 'Popularity confounds',
    about: 'Popular items are shown more and liked more, whoever sees them: adjust for popularity.',
    text: `dag {
popularity [pos="0.5,-1"]
shown [exposure,pos="0,0"]
taste [pos="0.5,1"]
liked [outcome,pos="1,0"]
popularity -> shown
popularity -> liked
shown -> liked
taste -> liked
}
`,
  },
  {
    name: 'Hidden cause, measured mediator',
    about:
      'Something hidden shapes an item feature and its likes, but the feature acts through clicks only: the front door is open (HCR).',
    text: `dag {
marketing [latent,pos="1,-1"]
price [exposure,pos="0,0"]
click [pos="1,0"]
like [outcome,pos="2,0"]
user [adjusted,pos="1,1"]
marketing -> price
marketing -> like
price -> click
click -> like
user -> click
user -> like
}
`,
  },
  {
    name: 'Correlated noise',
    about: 'What makes a user rate an item at all also sways the rating: the noise of the two is correlated (CLEV).',
    text: `dag {
features [pos="0.5,-1"]
rated [exposure,pos="0,0"]
rating [outcome,pos="1,0"]
features -> rated
features -> rating
rated -> rating
rated <-> rating
}
`,
  },
  {
    name: 'Shared hidden confounder',
    about: 'A hidden taste for a genre drives which of several items are seen and how they are rated (Deep-Deconf).',
    text: `dag {
taste [latent,pos="1,-1"]
item1 [exposure,pos="0,0"]
item2 [exposure,pos="1,0"]
item3 [exposure,pos="2,0"]
rating [outcome,pos="1,1"]
taste -> item1
taste -> item2
taste -> item3
taste -> rating
item1 -> rating
item2 -> rating
item3 -> rating
}
`,
  },
  {
    name: 'Confounders that act on each other',
    about:
      'Hidden confounders with a structure of their own: income moves the quality sought, and both move choice (CSC).',
    text: `dag {
income [latent,pos="0,-1"]
quality [latent,pos="1,-1"]
exposed [exposure,pos="0,0"]
chosen [outcome,pos="1,0"]
income -> quality
income -> exposed
quality -> exposed
quality -> chosen
exposed -> chosen
}
`,
  },
  {
    name: 'M-bias',
    about: 'The rating of the cover looks like a confounder and is a collider: adjusting for it brings the bias in.',
    text: `dag {
age [latent,pos="0,-1"]
fashion [latent,pos="1,-1"]
cover [adjusted,pos="0.5,-0.5"]
shown [exposure,pos="0,0"]
liked [outcome,pos="1,0"]
age -> shown
age -> cover
fashion -> cover
fashion -> liked
shown -> liked
}
`,
  },
  {
    name: 'Selected by exposure',
    about: 'Only active users are in the log, and being shown good items makes them active: the selection distorts.',
    text: `dag {
shown [exposure,pos="0,0"]
liked [outcome,pos="1,0"]
mood [latent,pos="1,1"]
active [selected,pos="0.5,0.7"]
shown -> liked
shown -> active
mood -> active
mood -> liked
}
`,
  },
  {
    name: 'Instrument',
    about: 'A random slot on the page moves what is seen and nothing else: an instrument where confounding is hidden.',
    text: `dag {
slot [pos="-1,0"]
seen [exposure,pos="0,0"]
bought [outcome,pos="1,0"]
need [latent,pos="0.5,-1"]
slot -> seen
seen -> bought
need -> seen
need -> bought
}
`,
  },
]
