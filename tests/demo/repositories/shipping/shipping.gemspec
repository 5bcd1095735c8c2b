Gem::Specification.new do |gem|
  gem.name = "shipping"
  gem.version = "2.0.0"
end
